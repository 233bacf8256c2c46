// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>Identifies a commit of a cluster: the PFS, and the number and id that are the same on all nodes.</summary>
/// <param name="PfsKey">Key of the PFS root below the super-root; 0 when only the freemap changes.</param>
/// <param name="ClusterId">Id of the cluster that the PFS belongs to.</param>
/// <param name="Number">modify_tid of the PFS root.</param>
/// <param name="Id">Random for each attempt to commit; never 0.</param>
public readonly record struct CommitIdentity(ulong PfsKey, MediaUuid ClusterId, ulong Number, ulong Id);

/// <summary>The state of the commit that a record describes.</summary>
public enum PreparedState
{
    /// <summary>Another commit of the device has followed, or some of its blocks are missing.</summary>
    Void,

    /// <summary>All of its blocks are on the device; only the volume header is missing.</summary>
    Prepared,

    /// <summary>The newest volume header of the device is the one that the record describes.</summary>
    Written,
}

/// <summary>
/// The record of a commit whose blocks are on the device but whose volume header may not be. A node of a cluster makes
/// this record durable together with the blocks of the commit, before any node writes a header, so that after a power
/// failure between two headers every node can finish the commit.
/// </summary>
/// <remarks>Stored in slot 62 of the first reserved segment; layout: <see cref="PreparedRecord"/>. A record is void
/// unless the header that it follows is still the newest of its device and every block of the commit verifies: record
/// and blocks are written before the same barrier, so that one can survive without the other.</remarks>
public sealed class PreparedCommitRecord
{
    private PreparedCommitRecord(PreparedState state, CommitIdentity commit, VolumeHeader? next)
    {
        State = state;
        Commit = commit;
        Next = next;
    }

    /// <summary>The state of the commit.</summary>
    public PreparedState State { get; }

    /// <summary>The commit. Its number counts as used even when the record is void.</summary>
    public CommitIdentity Commit { get; }

    /// <summary>The header that completes the commit; null when the record is void.</summary>
    public VolumeHeader? Next { get; }

    /// <summary>Writes the record of a commit. It is durable after the next flush, as are the commit's
    /// blocks.</summary>
    /// <param name="volumes">The filesystem.</param>
    /// <param name="predecessor">The newest header of the filesystem, which the commit follows.</param>
    /// <param name="next">The header that will be written.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="digest">Digest of the commit's blocks without a check code.</param>
    public static Hammer2Error Write(
        VolumeSet volumes, VolumeHeader predecessor, VolumeHeader next, in CommitIdentity commit,
        UnprotectedDigest digest)
    {
        byte[] bytes = new byte[PreparedRecordView.SizeBytes];
        var record = new PreparedRecordView(bytes);
        record.Fields = new PreparedRecord
        {
            Magic = PreparedRecord.MagicValue,
            Version = PreparedRecord.CurrentVersion,
            HeaderSlot = (uint)next.CopyIndex,
            FilesystemId = next.Fields.FilesystemId,
            PredecessorTid = predecessor.Fields.MirrorTid,
            PredecessorCrc = predecessor.Fingerprint,
            NextTid = next.Fields.MirrorTid,
            NextCrc = next.Fingerprint,
            AllocatorFree = next.Fields.AllocatorFree,
            FreemapTid = next.Fields.FreemapTid,
            PfsKey = commit.PfsKey,
            ClusterId = commit.ClusterId,
            CommitNumber = commit.Number,
            CommitId = commit.Id,
            UnprotectedDigest = digest.Sum,
            UnprotectedBlocks = digest.Blocks,
        };
        if (HasGrown(predecessor, next))
        {
            record.Fields.VolumeBytes = next.Fields.VolumeBytes;
            record.Fields.TotalBytes = next.Fields.TotalBytes;
            record.Fields.AllocatorBytes = next.Fields.AllocatorBytes;
        }
        if (next.Fields.VolumesTotal > predecessor.Fields.VolumesTotal)
            record.Fields.AddedStart = next.VolumeStarts[predecessor.Fields.VolumesTotal];
        next.SuperRootBlockset.CopyTo(record.SuperRootBlockset);
        next.FreemapBlockset.CopyTo(record.FreemapBlockset);
        record.Crc = record.ComputeCrc();
        return volumes.Volumes[0].Device.Write(Media.PreparedRecordOffset, bytes);
    }

    /// <summary>Reads the record of a filesystem and determines its state.</summary>
    /// <returns>The record, or null when there is no valid record of this filesystem.</returns>
    public static PreparedCommitRecord? Read(VolumeSet volumes)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        IBlockDevice device = volumes.Volumes[0].Device;
        byte[] bytes = new byte[PreparedRecordView.SizeBytes];
        if (device.LengthBytes < Media.PreparedRecordOffset + bytes.Length) return null;
        if (device.Read(Media.PreparedRecordOffset, bytes) != Hammer2Error.None) return null;
        var record = new PreparedRecordView(bytes);
        VolumeHeader newest = volumes.Header;
        if (!IsWhole(record, newest)) return null;
        var commit = new CommitIdentity(
            record.Fields.PfsKey, record.Fields.ClusterId, record.Fields.CommitNumber, record.Fields.CommitId);
        if (record.Fields.NextCrc == newest.Fingerprint && record.Fields.NextTid == newest.Fields.MirrorTid)
            return new PreparedCommitRecord(PreparedState.Written, commit, newest);
        VolumeHeader? next = FindNext(volumes, newest, record);
        return new PreparedCommitRecord(next is null ? PreparedState.Void : PreparedState.Prepared, commit, next);
    }

    private static VolumeHeader? FindNext(VolumeSet volumes, VolumeHeader newest, PreparedRecordView record)
    {
        if (record.Fields.PredecessorTid != newest.Fields.MirrorTid
            || record.Fields.PredecessorCrc != newest.Fingerprint) return null;
        VolumeHeader next = MakeNext(newest, record);
        if (next.Fingerprint != record.Fields.NextCrc) return null;
        Hammer2Error error = Verify(volumes, newest, next, out UnprotectedDigest found);
        bool isThere = error == Hammer2Error.None
            && found == new UnprotectedDigest(record.Fields.UnprotectedDigest, record.Fields.UnprotectedBlocks);
        return isThere ? next : null;
    }

    // Blocks may lie in space that the filesystem has with the new header only.
    private static Hammer2Error Verify(
        VolumeSet volumes, VolumeHeader newest, VolumeHeader next, out UnprotectedDigest found)
    {
        VolumeLayout before = volumes.Layout;
        if (!volumes.TryFollow(next))
        {
            found = default;
            return Hammer2Error.Corrupt;
        }
        Hammer2Error error = NewBlockVerifier.Verify(
            volumes, next.SuperRootBlockset, next.FreemapBlockset, newest.Fields.MirrorTid, out found);
        volumes.Layout = before;
        return error;
    }

    private static bool HasGrown(VolumeHeader predecessor, VolumeHeader next) =>
        next.Fields.VolumeBytes != predecessor.Fields.VolumeBytes
        || next.Fields.TotalBytes != predecessor.Fields.TotalBytes
        || next.Fields.AllocatorBytes != predecessor.Fields.AllocatorBytes;

    private static bool IsWhole(PreparedRecordView record, VolumeHeader newest) =>
        record.Fields.Magic == PreparedRecord.MagicValue
        && record.Crc == record.ComputeCrc()
        && record.Fields.Version == PreparedRecord.CurrentVersion
        && record.Fields.HeaderSlot < Media.HeaderCopies
        && record.Fields.FilesystemId == newest.Fields.FilesystemId;

    private static VolumeHeader MakeNext(VolumeHeader predecessor, PreparedRecordView record)
    {
        byte[] bytes = predecessor.ToArray();
        var header = new VolumeHeaderView(bytes);
        record.SuperRootBlockset.CopyTo(header.SuperRootBlockset);
        record.FreemapBlockset.CopyTo(header.FreemapBlockset);
        header.Fields.MirrorTid = record.Fields.NextTid;
        header.Fields.FreemapTid = record.Fields.FreemapTid;
        header.Fields.AllocatorFree = record.Fields.AllocatorFree;
        if (record.Fields.VolumeBytes != 0)
        {
            header.Fields.VolumeBytes = record.Fields.VolumeBytes;
            header.Fields.TotalBytes = record.Fields.TotalBytes;
            header.Fields.AllocatorBytes = record.Fields.AllocatorBytes;
        }
        int count = predecessor.Fields.VolumesTotal;
        if (record.Fields.AddedStart != 0 && count is > 0 and < Media.VolumesMax)
        {
            header.Fields.VolumesTotal = (byte)(count + 1);
            header.VolumeStarts[count] = record.Fields.AddedStart;
        }
        return VolumeHeaderCandidate.Seal(bytes, (int)record.Fields.HeaderSlot);
    }
}
