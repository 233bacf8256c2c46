// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Chains.Freemap;
using Hammer2.Chains.Trees;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains;

public sealed partial class MediaDevice
{
    private FreemapAllocator? _allocator;
    private VolumeHeaderWriter? _headerWriter;
    private bool _isHeaderAdopted;

    /// <summary>Where new blocks go; null until <see cref="OpenForWriting"/> succeeded.</summary>
    public BlockWriter? Writer { get; private set; }

    /// <summary>True when a node of a cluster lies on the device: each commit, of whichever PFS, leaves a record of
    /// what it was about to do, which explains a torn header.</summary>
    public bool KeepsPreparedRecord { get; set; }

    /// <summary>The volumes, for those who judge headers and records.</summary>
    public VolumeSet Volumes => _volumes;

    /// <summary>Bytes that the volume header counts as free, less what was given out since.</summary>
    public ulong FreeBytes => _allocator?.FreeBytes ?? Header.Fields.AllocatorFree;

    /// <summary>mirror_tid that everything written from now on carries: one that no header had, torn ones
    /// included.</summary>
    public ulong NextMirrorTid => Math.Max(Header.Fields.MirrorTid, _volumes.Volumes[0].Copies.TornTid) + 1;

    /// <summary>True when so much can certainly be given out. Only once open for writing.</summary>
    /// <param name="bytes">In all.</param>
    /// <param name="runBytes">Of it in blocks of 64 KiB.</param>
    /// <param name="smallBytes">Of it in smaller blocks, for which broken runs of 64 KiB do as well.</param>
    public bool HasRoom(long bytes, long runBytes, long smallBytes) =>
        _allocator!.HasRoom(bytes, runBytes, smallBytes);

    /// <summary>Reads the freemap, so that space can be taken, and marks in it what a crash kept out of
    /// it.</summary>
    /// <returns>None; ReadOnly when a device refuses to be written; what reading the freemap met, or a block that
    /// the freemap does not know of yet.</returns>
    public Hammer2Error OpenForWriting()
    {
        if (Writer is not null) return Hammer2Error.None;
        if (_volumes.IsReadOnly) return Hammer2Error.ReadOnly;
        Hammer2Error torn = WriteTakenHeader();
        if (torn != Hammer2Error.None) return torn;
        var allocator = new FreemapAllocator(_volumes, Faults);
        Hammer2Error error = allocator.Load();
        if (error != Hammer2Error.None) return error;
        _allocator = allocator;
        _headerWriter = new VolumeHeaderWriter(_volumes.Volumes[0].Device);
        Writer = new BlockWriter(_volumes, allocator, Faults, _caches.Chains, _ordinal);
        error = RecoverFreemap(allocator);
        if (error == Hammer2Error.None) return error;
        Writer = null;
        _allocator = null;
        return error;
    }

    /// <summary>
    /// First half of a commit: the freemap is written, and it and every block before it made durable. Nothing
    /// on media leads to any of it yet.
    /// </summary>
    /// <param name="superRoot">The four references to the new super-root inode.</param>
    /// <param name="commit">What is committed: goes into the record of a device that
    /// <see cref="KeepsPreparedRecord"/>.</param>
    /// <param name="prepared">The header that the second half writes.</param>
    /// <returns>None; Io. After an error the header on media stays the truth.</returns>
    /// <remarks>One caller at a time. Blocks for the next commit may be written meanwhile.</remarks>
    public Hammer2Error PrepareCommit(
        ReadOnlySpan<Blockref> superRoot, in CommitIdentity commit, out PreparedCommit? prepared)
    {
        prepared = null;
        Invariant.Holds(_allocator is not null);
        byte[] bytes = Header.ToArray();
        var view = new VolumeHeaderView(bytes);
        ulong tid = NextMirrorTid;
        Hammer2Error error = Writer!.Flush();
        if (error != Hammer2Error.None) return error;
        error = _allocator.Write(tid, view.FreemapBlockset, out ulong freeBytes);
        if (error != Hammer2Error.None) return error;
        superRoot.CopyTo(view.SuperRootBlockset);
        // Also where the tree is as it was. The CRC of a whole header says nothing of its first sector, which ends
        // with a CRC of its own: two headers that differ in nothing but that sector and the freemap could be torn
        // into one that seems whole, with the counts of the one and the freemap of the other. The second sector,
        // with this reference, is what tells any two headers apart.
        foreach (ref Blockref reference in view.SuperRootBlockset)
            if (!reference.IsEmpty) reference.MirrorTid = tid;
        view.Fields.MirrorTid = tid;
        view.Fields.FreemapTid = tid;
        view.Fields.AllocatorFree = freeBytes;
        VolumeHeader next = VolumeHeaderCandidate.Seal(bytes, Header.NextCopyIndex);
        // The only copy is about to be overwritten: a spare stands in for it until that is done.
        if (next.CopyIndex == Header.CopyIndex) error = _headerWriter!.WriteSpare(next);
        if (error == Hammer2Error.None && KeepsPreparedRecord) error = WriteRecord(next, commit);
        if (error == Hammer2Error.None) error = _volumes.Flush();
        if (error == Hammer2Error.None) prepared = new PreparedCommit(next);
        else Faults.Report(default, error, "the device could not make a commit's blocks durable");
        return error;
    }

    /// <summary>Second half: the header goes to the next of its copies and is made durable. From then on the
    /// device shows the new tree.</summary>
    /// <returns>None; Io: whether the commit is on media is then unknown, and the device must not be written
    /// again.</returns>
    public Hammer2Error FinishCommit(PreparedCommit prepared)
    {
        Hammer2Error error = _headerWriter!.Write(prepared.Header);
        if (error == Hammer2Error.None) error = _volumes.Volumes[0].Device.Flush();
        if (error != Hammer2Error.None)
        {
            Faults.Report(default, error, "the device could not write the volume header");
            return error;
        }
        Volatile.Write(ref _root, MakeRoot(prepared.Header.SuperRootBlockset));
        Volatile.Write(ref _header, prepared.Header);
        Writer!.ForgetReplaced();
        return Hammer2Error.None;
    }

    /// <summary>Shows the filesystem as of a commit that was prepared on it before power failed. Its header is written
    /// when the device is opened for writing. Comes before anything else is read from it.</summary>
    public void Adopt(PreparedCommitRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        Invariant.Holds(record.State == PreparedState.Prepared && Writer is null);
        VolumeHeader header = record.Next!;
        _volumes.Adopt(header);
        _isHeaderAdopted = true;
        Volatile.Write(ref _root, MakeRoot(header.SuperRootBlockset));
        Volatile.Write(ref _header, header);
    }

    private Hammer2Error WriteRecord(VolumeHeader next, in CommitIdentity commit)
    {
        UnprotectedDigest digest = default;
        Hammer2Error error = Hammer2Error.None;
        if (Writer!.WritesUnprotected)
        {
            error = NewBlockVerifier.Verify(
                _volumes, next.SuperRootBlockset, next.FreemapBlockset, Header.Fields.MirrorTid, out digest);
        }
        return error == Hammer2Error.None
            ? PreparedCommitRecord.Write(_volumes, Header, next, commit, digest)
            : error;
    }

    // A volume that was opened by its spare, or by a prepared commit, gets that header before its blocks change.
    private Hammer2Error WriteTakenHeader()
    {
        if (!Header.IsSpare && !_isHeaderAdopted) return Hammer2Error.None;
        IBlockDevice root = _volumes.Volumes[0].Device;
        Hammer2Error error = Hammer2Error.None;
        if (_isHeaderAdopted && Header.NextCopyIndex == Header.CopyIndex)
        {
            error = root.Write(Media.SpareHeaderOffset, Header.Bytes);
            if (error == Hammer2Error.None) error = root.Flush();
        }
        if (error == Hammer2Error.None) error = root.Write(Header.CopyIndex * Media.HeaderZoneBytes, Header.Bytes);
        if (error == Hammer2Error.None) error = root.Flush();
        if (error != Hammer2Error.None)
            Faults.Report(default, error, "the device could not write the volume header that power failed before");
        else _isHeaderAdopted = false;
        return error;
    }
}

/// <summary>A volume header that waits for every node to be ready.</summary>
public sealed class PreparedCommit
{
    internal PreparedCommit(VolumeHeader header) => Header = header;

    internal VolumeHeader Header { get; }
}
