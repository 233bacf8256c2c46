// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// Finds header copies that may have held a newer commit than the newest valid volume header: a copy that is torn or
/// cannot be read, and that is the next one to be written or shows a greater mirror_tid.
/// </summary>
public static class SuspectHeaderCopies
{
    /// <summary>The copies that may have held a newer commit; empty when the newest valid header is certainly the last
    /// one written.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="record">The prepared commit of the device: the copy that it names is not suspect, since it was
    /// being written.</param>
    public static IReadOnlyList<VolumeHeaderCopy> Find(VolumeSet volumes, PreparedCommitRecord? record)
    {
        var doubtful = new List<VolumeHeaderCopy>();
        Volume root = volumes.Volumes[0];
        VolumeHeader newest = root.Header;
        int following = newest.NextCopyIndex;
        foreach (VolumeHeaderCopy copy in root.Copies.Copies)
        {
            bool isInside = (ulong)copy.Offset + Media.VolumeHeaderBytes <= newest.Fields.VolumeBytes;
            if (copy.Header is not null || copy.IsBlank || copy.IsOtherFilesystem || !isInside) continue;
            if (record?.Next is { } announced && announced.CopyIndex == copy.CopyIndex) continue;
            bool showsNewer = copy.TornSector is { } torn && torn.FilesystemId == newest.Fields.FilesystemId
                && torn.MirrorTid > newest.Fields.MirrorTid;
            if (copy.CopyIndex == following || showsNewer) doubtful.Add(copy);
        }
        return doubtful;
    }
}
