// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Freemap;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>What a crash left undone, and is done before a device is written.</summary>
internal static class OpeningRepair
{
    /// <summary>Writes the header that the device is read by to its place: one that came from the spare, or from a
    /// commit that was prepared before power failed.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="header">The header.</param>
    /// <param name="isAdopted">True when it finishes a prepared commit.</param>
    /// <param name="faults">Gets a write that fails.</param>
    /// <returns>None; Io.</returns>
    public static Hammer2Error WriteHeader(
        VolumeSet volumes, VolumeHeader header, bool isAdopted, MediaFaultLog faults)
    {
        IBlockDevice root = volumes.Volumes[0].Device;
        Hammer2Error error = Hammer2Error.None;
        // The only copy is about to be overwritten: a spare stands in for it until that is done.
        if (isAdopted && header.NextCopyIndex == header.CopyIndex)
        {
            error = root.Write(Media.SpareHeaderOffset, header.Bytes);
            if (error == Hammer2Error.None) error = root.Flush();
        }
        if (error == Hammer2Error.None) error = root.Write(header.CopyIndex * Media.HeaderZoneBytes, header.Bytes);
        if (error == Hammer2Error.None) error = root.Flush();
        if (error != Hammer2Error.None)
            faults.Report(default, error, "the device could not write the volume header that power failed before");
        return error;
    }

    /// <summary>Marks blocks in the freemap that are newer than the freemap of the same header: upstream commits such
    /// states, and a crash leaves them so.</summary>
    /// <param name="device">The filesystem.</param>
    /// <param name="allocator">Its freemap.</param>
    /// <param name="isChanged">True when the freemap has to be written.</param>
    /// <returns>None; the fault of a block that could not be read: what it leads to might be overwritten.</returns>
    /// <remarks>Upstream: <c>hammer2_recovery</c>.</remarks>
    public static Hammer2Error MarkNewBlocks(MediaDevice device, FreemapAllocator allocator, out bool isChanged)
    {
        isChanged = false;
        ulong marked = device.Header.Fields.FreemapTid;
        if (device.Header.Fields.MirrorTid <= marked) return Hammer2Error.None;
        bool changesAny = false;
        Hammer2Error errors = Hammer2Error.None;
        void Mark(Blockref reference)
        {
            errors |= allocator.MarkAllocated(reference.Data, out bool changes);
            changesAny |= changes;
        }
        Hammer2Error error = new ReachableWalk(device, Mark, marked).Run(device.RootChain) | errors;
        isChanged = changesAny;
        return error;
    }
}
