// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>
/// Whether a newer volume header than the one in use may have been lost. The torn copy shows it until the next commit
/// of any PFS replaces that copy; before, it is noted in the upkeep record, for the PFSs that were not committed since.
/// </summary>
public static class LostHeader
{
    /// <summary>True when a commit of a PFS may have been lost with a header.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="record">Its prepared commit, if it has a valid one.</param>
    /// <param name="mirrorTid">That of the reference to the PFS root: its last commit there.</param>
    public static bool MayHaveHeldMore(VolumeSet volumes, PreparedCommitRecord? record, ulong mirrorTid) =>
        SuspectHeaderCopies.Find(volumes, record).Count > 0
        || (volumes.LostHeaderTid is > 0 and var lost && mirrorTid <= lost);

    /// <summary>Notes it durably if that is so. Must be called before the torn copy is replaced.</summary>
    /// <param name="volumes">The filesystem, which may be written.</param>
    /// <returns>None, also when nothing is to be noted; Io.</returns>
    public static Hammer2Error Note(VolumeSet volumes)
    {
        if (SuspectHeaderCopies.Find(volumes, PreparedCommitRecord.Read(volumes)).Count == 0) return Hammer2Error.None;
        IBlockDevice device = volumes.Volumes[0].Device;
        UpkeepRecord upkeep = UpkeepRecords.Read(device, volumes.FilesystemId);
        upkeep.Fields.LostHeaderTid = volumes.LostHeaderTid = volumes.Header.Fields.MirrorTid;
        byte[] bytes = new byte[UpkeepRecord.SizeBytes];
        Hammer2Error error = device.Write(UpkeepRecords.EncodeNext(upkeep, volumes.FilesystemId, bytes), bytes);
        return error == Hammer2Error.None ? device.Flush() : error;
    }
}
