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
    /// <param name="fields">The fields of the header.</param>
    public static void Store(VolumeSet volumes, ulong allocatorBytes, ref VolumeHeaderSector fields)
    {
        fields.VolumeBytes = volumes.Volumes[0].LengthBytes;
        // Upstream's kernel refuses version 1 with a total size.
        if (fields.Version > 1) fields.TotalBytes = volumes.TotalBytes;
        fields.AllocatorBytes = allocatorBytes;
    }

    /// <summary>Makes the headers of the other volumes agree with the root volume's.</summary>
    /// <returns>None; Io.</returns>
    /// <remarks>Power may fail at any write: where a volume has one copy only, the spare stands in for it until it is
    /// whole again.</remarks>
    public static Hammer2Error CompleteOthers(VolumeSet volumes, MediaFaultLog faults)
    {
        Hammer2Error error = Hammer2Error.None;
        for (int index = 1; index < volumes.Volumes.Count; index++)
        {
            Volume volume = volumes.Volumes[index];
            if (AreRight(volumes, volume)) continue;
            error = Complete(volumes, volume);
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
            if (header.Fields.VolumeBytes != volume.LengthBytes || header.Fields.TotalBytes != volumes.TotalBytes)
                return false;
        }
        return true;
    }

    private static Hammer2Error Complete(VolumeSet volumes, Volume volume)
    {
        byte[] bytes = volume.Header.ToArray();
        var view = new VolumeHeaderView(bytes);
        view.Fields.VolumeBytes = volume.LengthBytes;
        view.Fields.TotalBytes = volumes.TotalBytes;
        VolumeHeader header = VolumeHeaderCandidate.Seal(bytes, copyIndex: 0);
        int copies = CopiesWithin(volume.LengthBytes);
        Hammer2Error error = Write(volume, Media.SpareHeaderOffset, header);
        // The last first: as long as copy 0 is whole, it is the one that is used.
        for (int copy = copies - 1; copy >= 0 && error == Hammer2Error.None; copy--)
            error = Write(volume, copy * Media.HeaderZoneBytes, header);
        return error;
    }

    private static Hammer2Error Write(Volume volume, long offset, VolumeHeader header)
    {
        Hammer2Error error = volume.Device.Write(offset, header.Bytes);
        return error == Hammer2Error.None ? volume.Device.Flush() : error;
    }
}
