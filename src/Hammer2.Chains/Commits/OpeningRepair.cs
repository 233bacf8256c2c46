// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains.Freemap;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>What a crash left undone, and is done before a device is written.</summary>
internal static class OpeningRepair
{
    /// <summary>Writes the header that the device is read by to its copy: one that came from the spare, or from a
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

    /// <summary>Clears copies of the volume header that are torn and might be taken for a newer one. A prepared record
    /// explains a copy that is torn by naming it: a tear that was there before would make the next commit seem to have
    /// begun on its headers as soon as it is prepared.</summary>
    /// <param name="volumes">The filesystem, whose newest header is whole.</param>
    /// <param name="header">The header in use.</param>
    /// <param name="faults">Gets a write that fails.</param>
    /// <returns>None; Io.</returns>
    /// <remarks>Power that fails meanwhile leaves the copy torn and the last record as it was, as before.</remarks>
    public static Hammer2Error ClearTornCopies(VolumeSet volumes, VolumeHeader header, MediaFaultLog faults)
    {
        IBlockDevice root = volumes.Volumes[0].Device;
        Hammer2Error error = Hammer2Error.None;
        bool isChanged = false;
        IReadOnlyList<VolumeHeaderCopy> suspect = SuspectHeaderCopies.Find(volumes, record: null);
        foreach (VolumeHeaderCopy copy in volumes.Volumes[0].Copies.Copies)
        {
            bool isTorn = copy.Header is null && !copy.IsBlank && !copy.IsOtherFilesystem;
            bool isNext = copy.CopyIndex == header.NextCopyIndex;
            if (!isTorn || copy.CopyIndex == header.CopyIndex || !(isNext || suspect.Contains(copy))) continue;
            error = root.Write(copy.Offset, new byte[Media.VolumeHeaderBytes]);
            if (error != Hammer2Error.None) break;
            isChanged = true;
        }
        if (error == Hammer2Error.None && isChanged) error = root.Flush();
        if (error != Hammer2Error.None)
            faults.Report(default, error, "the device could not clear a torn copy of the volume header");
        return error;
    }

    /// <summary>Makes the freemap say of everything that is in use that it is, and writes it if that changed
    /// it.</summary>
    /// <param name="committer">The writer of the filesystem, with the freemap as it was read.</param>
    /// <returns>None; the fault of a block that could not be read: what it leads to might be overwritten; what writing
    /// the freemap met.</returns>
    /// <remarks>Enters a turn.</remarks>
    public static Hammer2Error CompleteFreemap(MediaCommitter committer)
    {
        Hammer2Error error = MarkNewBlocks(committer, out bool isChanged);
        if (error != Hammer2Error.None) return error;
        isChanged |= FreemapRebuild.TryRun(committer);
        if (!isChanged) return Hammer2Error.None;
        using var turn = CommitTurn.Enter(committer);
        return committer.CommitFreemap();
    }

    // Blocks that are newer than the freemap of the same header: upstream commits such states, and a crash leaves them
    // so. Upstream: hammer2_recovery.
    private static Hammer2Error MarkNewBlocks(MediaCommitter committer, out bool isChanged)
    {
        MediaReader device = committer.Device;
        FreemapAllocator allocator = committer.Allocator;
        ulong marked = device.Header.Fields.FreemapTid;
        isChanged = false;
        if (device.Header.Fields.MirrorTid <= marked) return Hammer2Error.None;
        bool changesAny = false;
        Hammer2Error errors = Hammer2Error.None;
        void Mark(Blockref reference)
        {
            allocator.ReadOrReplace(reference.Data.Bytes);
            errors |= allocator.MarkAllocated(reference.Data, out bool changes);
            changesAny |= changes;
        }
        Hammer2Error error = new ReachableWalk(device, Mark, marked).Run(device.RootChain) | errors;
        isChanged = changesAny;
        return error;
    }
}
