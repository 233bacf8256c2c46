// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>The sizes in volume headers: each commit writes those of the root volume as they are in memory, and the
/// headers of other volumes follow when the filesystem has grown.</summary>
internal static class HeaderSizes
{
    /// <summary>Stores the sizes in the header of the root volume.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="allocatorBytes">Bytes that can be allocated at all.</param>
    /// <param name="header">The header.</param>
    public static void Store(VolumeSet volumes, ulong allocatorBytes, VolumeHeaderView header)
    {
        Store(volumes, volumes.Volumes[0], header);
        header.Fields.AllocatorBytes = allocatorBytes;
    }

    /// <summary>Clears the copies of a header in space that a volume is going to get: what the device had there may
    /// look like a newer one.</summary>
    /// <returns>None; what the device answers.</returns>
    public static Hammer2Error ClearNewCopies(Volume volume, ulong lengthBytes)
    {
        byte[] zeros = new byte[Media.VolumeHeaderBytes];
        Hammer2Error error = Hammer2Error.None;
        for (int copy = 0; copy < Media.HeaderCopies; copy++)
        {
            ulong offset = (ulong)(copy * Media.HeaderZoneBytes);
            if (offset < volume.LengthBytes || offset >= lengthBytes) continue;
            error = volume.Device.Write((long)offset, zeros);
            if (error != Hammer2Error.None) return error;
        }
        return volume.Device.Flush();
    }

    /// <summary>Makes the headers of the other volumes agree with the root volume's, and erases what was a copy before
    /// a volume became shorter.</summary>
    /// <returns>None; Io.</returns>
    /// <remarks>Power may fail at any write: where a volume has one copy only, the spare stands in for it until it is
    /// whole again.</remarks>
    public static Hammer2Error CompleteOthers(VolumeSet volumes, MediaFaultLog faults)
    {
        Hammer2Error error = Hammer2Error.None;
        foreach (Volume volume in volumes.Volumes)
        {
            if (volume.Index > 0 && !AreRight(volumes, volume)) error = Complete(volumes, volume);
            if (error == Hammer2Error.None) error = EraseFormerCopies(volume);
            if (error == Hammer2Error.None) continue;
            faults.Report(default, error, $"{volume.Device.Name} could not be given a header with its new size");
            break;
        }
        return error;
    }

    /// <summary>The copies of a header that begin within a volume of a length.</summary>
    public static int CopiesWithin(ulong lengthBytes)
    {
        int copies = 0;
        while (copies < Media.HeaderCopies
            && (ulong)((copies * Media.HeaderZoneBytes) + Media.ZoneReservedBytes) <= lengthBytes) copies++;
        return copies;
    }

    // The copies read on opening; those that this process wrote since are right.
    private static bool AreRight(VolumeSet volumes, Volume volume)
    {
        if (volume.Header.IsSpare) return false;
        foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
        {
            if (copy.CopyIndex >= CopiesWithin(volume.LengthBytes) || copy.IsOtherFilesystem) continue;
            if (copy.Header is not { } header)
            {
                // Torn while it was given its new size.
                if (!copy.IsBlank) return false;
                continue;
            }
            ref readonly VolumeHeaderSector fields = ref header.Fields;
            if (fields.VolumeBytes != volume.LengthBytes || fields.TotalBytes != volumes.TotalBytes
                || fields.VolumesTotal != volumes.Volumes.Count || !AreStartsRight(volumes, header)) return false;
        }
        return true;
    }

    // A first sector with new numbers and a rest with old starts is a whole header: what follows a sector that ends
    // with its own CRC has the CRC that it had, and nothing else in the headers of other volumes than the root volume
    // changes.
    private static bool AreStartsRight(VolumeSet volumes, VolumeHeader header)
    {
        foreach (Volume one in volumes.Volumes)
            if (header.VolumeStarts[one.Index] != one.Start) return false;
        return true;
    }

    private static Hammer2Error Complete(VolumeSet volumes, Volume volume)
    {
        byte[] bytes = volume.Header.ToArray();
        var view = new VolumeHeaderView(bytes);
        Store(volumes, volume, view);
        VolumeHeader header = VolumeHeaderCandidate.Seal(bytes, copyIndex: 0);
        int copies = CopiesWithin(volume.LengthBytes);
        Hammer2Error error = Write(volume, Media.SpareHeaderOffset, header);
        // The last first: as long as copy 0 is whole, it is the one that is used.
        for (int copy = copies - 1; copy >= 0 && error == Hammer2Error.None; copy--)
            error = Write(volume, copy * Media.HeaderZoneBytes, header);
        return error;
    }

    // Past the end of a volume that ends earlier than it did, since another one follows it.
    private static Hammer2Error EraseFormerCopies(Volume volume)
    {
        Hammer2Error error = Hammer2Error.None;
        foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
        {
            bool isInside = copy.CopyIndex < Math.Max(1, CopiesWithin(volume.LengthBytes));
            if (isInside || copy.Header is null) continue;
            error = volume.Device.Write(copy.Offset, new byte[Media.VolumeHeaderBytes]);
            if (error == Hammer2Error.None) error = volume.Device.Flush();
            if (error != Hammer2Error.None) break;
        }
        return error;
    }

    private static void Store(VolumeSet volumes, Volume volume, VolumeHeaderView header)
    {
        header.Fields.VolumeBytes = volume.LengthBytes;
        // Upstream's kernel refuses version 1 with a total size.
        if (header.Fields.Version <= 1) return;
        header.Fields.TotalBytes = volumes.TotalBytes;
        header.Fields.VolumesTotal = (byte)volumes.Volumes.Count;
        foreach (Volume one in volumes.Volumes) header.VolumeStarts[one.Index] = one.Start;
    }

    private static Hammer2Error Write(Volume volume, long offset, VolumeHeader header)
    {
        Hammer2Error error = volume.Device.Write(offset, header.Bytes);
        return error == Hammer2Error.None ? volume.Device.Flush() : error;
    }
}
