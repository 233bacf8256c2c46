// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Fuse.Protocol;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <content>Opening, changing, closing and syncing files.</content>
public sealed partial class Hammer2FileSystem
{
    private const uint OpenAccessMask = 3;
    private const uint OpenTruncate = 0x200;
    private const uint OpenAppend = 0x400;

    // More than the longest WRITE needs, so that the next one is not refused again.
    private const long RoomBytesMin = 4 << 20;

    // To the kernel when writing has stopped before it passed on what write(2) had accepted: it returns this error from
    // fsync(2) and close(2).
    private const Errno LostData = Errno.EIO;

    private int _openForWriting;
    private readonly RefusedWrites _refused = new();
    private readonly LostChanges _lost = new();

    /// <summary>Sends invalidations to the kernel; null before the mount is live.</summary>
    public FuseNotifier? Notifier { get; set; }

    /// <summary>The node id of an inode number, for notifications; the number itself unless told
    /// otherwise.</summary>
    public Func<ulong, ulong> NodeOf { get; init; } = static inum => inum;

    /// <summary>Number of opens for writing that are not closed. A file that is mapped stays open.</summary>
    public int OpenForWritingTotal => Volatile.Read(ref _openForWriting);

    /// <summary>The error of the last commit, run when the kernel destroyed the mount; None when all accepted changes
    /// are durable.</summary>
    public Errno LastCommitError { get; private set; }

    /// <inheritdoc/>
    public int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        if (_canSkipOpen) return FuseErrno.ENOSYS;
        Errno error = OpenFile(context.NodeId, request.Flags, request.OpenFlags, ref answer);
        int result = (request.Flags & OpenTruncate) != 0 ? ChangeResult(error, _commitsAll) : (int)error;
        CountOpen(result, in answer);
        return result;
    }

    // Linux compares a cached listing with the version of the directory only when a reader starts. A reader that
    // started with fresh entries continues with those cached by an older reader, if that one reached its end in
    // between: it misses names that exist and shows names that do not. So listings are cached only on a read-only
    // mount.
    private bool KeepsListings => _vnodes.IsReadOnly;

    /// <inheritdoc/>
    public int OpenDir(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        if (!KeepsListings) return FuseErrno.None;
        // Not ENOSYS: the kernel would cache every listing, also when a remount has made the mount writable.
        answer.OpenFlags = FuseOpenFlags.KeepCache | FuseOpenFlags.CacheDir;
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int Release(in FuseContext context, in FuseReleaseIn request)
    {
        if (_nodes.MayBeOrphan(context.NodeId)) ExpectDeletion(context.NodeId);
        _lost.Close(context.NodeId, request.Handle);
        if (request.Handle != 0) _ = Interlocked.Decrement(ref _openForWriting);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int ReleaseDir(in FuseContext context, in FuseReleaseIn request) => FuseErrno.None;

    /// <inheritdoc/>
    public int SetAttr(in FuseContext context, in FuseSetAttrIn request, ref FuseAttrOut answer)
    {
        FuseSetAttrValid valid = request.Valid;
        ulong now = _vnodes.CurrentTime;
        var wanted = new AttributeChange
        {
            Mode = Has(valid, FuseSetAttrValid.Mode) ? request.Mode & PermissionMask : null,
            UserId = Has(valid, FuseSetAttrValid.Uid) ? request.Uid : null,
            GroupId = Has(valid, FuseSetAttrValid.Gid) ? request.Gid : null,
            SizeBytes = Has(valid, FuseSetAttrValid.Size) ? request.SizeBytes : null,
            AccessTime = Has(valid, FuseSetAttrValid.ATimeNow) ? now
                : Has(valid, FuseSetAttrValid.ATime)
                    ? AttributeTranslation.Microseconds(request.ATime, request.ATimeNanoseconds) : null,
            ModifyTime = Has(valid, FuseSetAttrValid.MTimeNow) ? now
                : Has(valid, FuseSetAttrValid.MTime)
                    ? AttributeTranslation.Microseconds(request.MTime, request.MTimeNanoseconds) : null,
            ChangeTime = Has(valid, FuseSetAttrValid.CTime)
                ? AttributeTranslation.Microseconds(request.CTime, request.CTimeNanoseconds) : null,
            IsTouch = IsTouch(valid),
            DropsPrivileges = Has(valid, FuseSetAttrValid.KillSuidGid) || IsForPrivileges(valid),
        };
        Errno refused = _vnodes.SetAttributes(context.NodeId, wanted, out VnodeAttributes set);
        if (refused == Errno.EROFS && IsOfWriteback(valid)) refused = LostData;
        int error = ChangeResult(refused, _commitsAll);
        if (error != FuseErrno.None) return error;
        answer.AttrValidSeconds = ValidityOf(in set);
        _attributes.Fill(in set, ref answer.Attr);
        return FuseErrno.None;
    }

    /// <inheritdoc/>
    public int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data,
        out int writtenBytes)
    {
        bool isWriteback = (request.WriteFlags & FuseWriteFlags.Cache) != 0;
        Errno error = _vnodes.Write(context.NodeId, request.Position, data,
            dropsPrivileges: (request.WriteFlags & FuseWriteFlags.KillSuidGid) != 0, isWriteback);
        if (isWriteback && error == Errno.EROFS) error = LostData;
        writtenBytes = error == Errno.None ? data.Length : 0;
        if (isWriteback && error is not (Errno.None or Errno.ERESTART)) Refuse(context.NodeId, error);
        return ChangeResult(error, _commitsAll);
    }

    // Before it accepts more data for a file, the kernel requests attributes that it has not cached: an error of that
    // request reaches write(2). Without the invalidation, only fsync and close return the error. Another thread
    // invalidates, since the kernel may wait for an inode that it is evicting, and thereby for the reply of this
    // thread.
    private void Refuse(ulong inum, Errno error)
    {
        if (Notifier is { } notifier && _refused.Add(inum, error))
            _scheduler.Queue(() => InvalidateRefusedInBackground(notifier));
    }

    private void InvalidateRefusedInBackground(FuseNotifier notifier) =>
        _ = _vnodes.RunInBackground("invalidating attributes of refused writes", () =>
        {
            InvalidateRefused(notifier);
            return Errno.None;
        });

    private void InvalidateRefused(FuseNotifier notifier)
    {
        while (_refused.TryNextUnsent(out ulong inum))
            _ = notifier.InvalidateInode(NodeOf(inum), position: -1, lengthBytes: 0);
    }

    // GETATTR with a handle does not come from stat(2) but from write(2), or from a read(2) past EOF on a file open for
    // writing.
    private static bool IsForWriting(in FuseGetAttrIn request) =>
        (request.Flags & FuseRequestFlags.GetAttrHandle) != 0 && request.Handle != 0;

    private Errno StillRefused(ulong inum)
    {
        Errno error = _refused.Of(inum);
        if (error == Errno.None) return error;
        if (error == Errno.ENOSPC ? !_vnodes.HasRoom(inum, RoomBytesMin) : !_vnodes.CanWrite) return error;
        _refused.Remove(inum);
        return Errno.None;
    }

    /// <inheritdoc/>
    public int FAllocate(in FuseContext context, in FuseFAllocateIn request)
    {
        Errno error = _vnodes.Allocate(context.NodeId, request.Position, request.LengthBytes,
            (AllocateModes)request.Mode, DropsPrivileges(in context));
        return ChangeResult(error, _commitsAll);
    }

    /// <inheritdoc/>
    public int CopyFileRange(in FuseContext context, in FuseCopyFileRangeIn request, out ulong copiedBytes)
    {
        var source = new FilePosition(context.NodeId, request.SourcePosition);
        var target = new FilePosition(request.TargetNodeId, request.TargetPosition);
        Errno error = _vnodes.CopyRange(
            source, target, request.LengthBytes, DropsPrivileges(in context), out copiedBytes);
        return ChangeResult(error, _commitsAll);
    }

    /// <inheritdoc/>
    public int Flush(in FuseContext context, in FuseFlushIn request)
    {
        if (_canSkipFlush) return FuseErrno.ENOSYS;
        if (request.Handle == 0) return FuseErrno.None;
        bool isLost = _vnodes.StopReason != Hammer2Error.None || _lost.Take(context.NodeId, request.Handle);
        return isLost ? FuseErrno.EIO : FuseErrno.None;
    }

    /// <inheritdoc/>
    public int FSync(in FuseContext context, in FuseFSyncIn request) => Sync(context.NodeId, request.Handle);

    /// <inheritdoc/>
    public int FSyncDir(in FuseContext context, in FuseFSyncIn request) => Sync(context.NodeId, handle: 0);

    /// <inheritdoc/>
    public int SyncFs(in FuseContext context) => Sync();

    /// <inheritdoc/>
    public void Destroyed()
    {
        foreach (ulong inum in _nodes.TakePossibleOrphans()) RemoveOrphan(inum);
        LastCommitError = (Errno)Sync();
        if (LastCommitError != Errno.ERESTART) return;
        FuseDaemonLog.LastChangesWait(_logger);
        while (LastCommitError == Errno.ERESTART && !_givesUp)
        {
            _scheduler.Pause(s_stalledPause);
            LastCommitError = (Errno)Sync();
        }
        if (LastCommitError == Errno.ERESTART) LastCommitError = Errno.EIO;
    }

    /// <summary>Has the end of the mount not wait for nodes any more: what was not committed is lost.</summary>
    public void GiveUp() => _givesUp = true;

    /// <summary>Commits all changes accepted so far, on a timer's thread. An error was logged, and later writes and
    /// syncs return it.</summary>
    public void CommitInBackground() =>
        _ = _vnodes.RunInBackground("the periodic commit", _vnodes.Commit);

    /// <summary>Commits all changes accepted so far; 0 or EIO.</summary>
    public int Sync() => (int)_vnodes.Sync();

    // Changes that could not be committed are reported only by fsync of the files concerned, once for each open file.
    private int Sync(ulong node, ulong handle)
    {
        Errno error = _vnodes.Commit(node);
        return error == Errno.None && _lost.Take(node, handle) ? FuseErrno.EIO : (int)error;
    }

    // The kernel has cached these objects with the lost changes; another thread invalidates them, since this one runs
    // within a commit.
    private void LoseChanges(IReadOnlyList<LeftOutInode> objects)
    {
        foreach (LeftOutInode lost in objects) _lost.Add(lost.Inum);
        if (Notifier is not { } notifier) return;
        _scheduler.Queue(() => _ = _vnodes.RunInBackground("invalidating objects with lost changes", () =>
        {
            foreach (LeftOutInode lost in objects) Invalidate(notifier, lost);
            return Errno.None;
        }));
    }

    private void Invalidate(FuseNotifier notifier, LeftOutInode lost)
    {
        Span<byte> name = stackalloc byte[VnodeOps.NameBytesMax];
        foreach (LeftOutEntry entry in lost.Entries)
        {
            if (entry.Name is { } known) _ = notifier.InvalidateEntry(NodeOf(lost.Inum), known.Span);
            // An entry that cannot be read cannot be looked up either, so nothing is cached.
            else if (_vnodes.GetEntryName(lost.Inum, entry.Key, name, out int bytes) == Errno.None)
                _ = notifier.InvalidateEntry(NodeOf(lost.Inum), name[..bytes]);
        }
        _ = notifier.InvalidateInode(NodeOf(lost.Inum), position: 0, lengthBytes: 0);
    }

    // Requests other than WRITE and SETATTR do not say whether their caller may keep set-id bits (CAP_FSETID). Root
    // may, unless it dropped that capability; bits kept then are bits that it could have set before.
    private static bool DropsPrivileges(in FuseContext context) => context.Uid != 0;

    // Before a write by a process without CAP_FSETID, Linux sends a SETATTR that sets nothing, and takes the mode from
    // the reply.
    private static bool IsForPrivileges(FuseSetAttrValid valid) =>
        (valid & ~(FuseSetAttrValid.Handle | FuseSetAttrValid.LockOwner)) == FuseSetAttrValid.None;

    // A kernel with a writeback cache sends the modification time together with the change time.
    private static bool IsTouch(FuseSetAttrValid valid) =>
        (!Has(valid, FuseSetAttrValid.ATime) || Has(valid, FuseSetAttrValid.ATimeNow))
        && (!Has(valid, FuseSetAttrValid.MTime)
            || Has(valid, FuseSetAttrValid.MTimeNow) || Has(valid, FuseSetAttrValid.CTime));

    // The times that a kernel with a writeback cache kept while it accepted writes.
    private static bool IsOfWriteback(FuseSetAttrValid valid) =>
        (valid & ~(FuseSetAttrValid.Handle | FuseSetAttrValid.LockOwner))
            == (FuseSetAttrValid.MTime | FuseSetAttrValid.CTime);

    private static bool Has(FuseSetAttrValid valid, FuseSetAttrValid field) => (valid & field) != 0;

    private Errno OpenFile(ulong node, uint flags, uint openFlags, ref FuseOpenOut answer)
    {
        OpenAccess access = OpenAccess.Read;
        if ((flags & OpenAccessMask) != 0) access |= OpenAccess.Write;
        if ((flags & OpenTruncate) != 0) access |= OpenAccess.Write | OpenAccess.Truncate;
        bool isWritten = access != OpenAccess.Read;
        if (isWritten && (flags & OpenAppend) != 0) access |= OpenAccess.Append;
        if (isWritten && _vnodes.StopErrno is var stopped and not Errno.None) return stopped;
        Errno error = _vnodes.CheckOpen(node, access);
        if (error == Errno.None && (access & OpenAccess.Truncate) != 0)
        {
            var empty = new AttributeChange
            {
                SizeBytes = 0,
                DropsPrivileges = (openFlags & FuseRequestFlags.OpenKillSuidGid) != 0,
            };
            error = _vnodes.SetAttributes(node, empty, out _);
        }
        FillOpen(isWritten, ref answer);
        return error;
    }

    private void FillOpen(bool isWritten, ref FuseOpenOut answer)
    {
        answer.Handle = isWritten ? _lost.NextHandle() : 0;
        answer.OpenFlags = FuseOpenFlags.KeepCache;
        if (isWritten) answer.OpenFlags |= FuseOpenFlags.ParallelDirectWrites;
    }

    private void CountOpen(int result, in FuseOpenOut answer)
    {
        if (result == FuseErrno.None && answer.Handle != 0) _ = Interlocked.Increment(ref _openForWriting);
    }

    // The result of a change, which a synchronous mount commits first. It is made already, and cannot be made again
    // once nodes have returned: the thread waits for them.
    private int ChangeResult(Errno error, bool commits)
    {
        if (error != Errno.None || !commits) return (int)error;
        while ((error = _vnodes.Sync()) == Errno.ERESTART) _scheduler.Pause(s_stalledPause);
        return (int)error;
    }
}
