// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

// Common parts of modifying operations, and commits.
public sealed partial class VnodeOps
{
    private const FileFlags ImmutableFlags = FileFlags.UserImmutable | FileFlags.SystemImmutable;
    private const FileFlags AppendFlags = FileFlags.UserAppend | FileFlags.SystemAppend;
    private const FileFlags NoUnlinkFlags = FileFlags.UserNoUnlink | FileFlags.SystemNoUnlink;

    /// <summary>True when the PFS is read-only.</summary>
    public bool IsReadOnly => _pfs.Writer is null;

    /// <summary>True while changes are accepted: the PFS is writable and not stopped.</summary>
    public bool CanWrite => _pfs.Writer is { IsStopped: false };

    /// <summary>True when this many bytes of file data fit at present, including space of deleted files.</summary>
    /// <param name="inum">The file to which they would be written.</param>
    /// <param name="bytes">Number of bytes.</param>
    public bool HasRoom(ulong inum, long bytes) => _pfs.Writer is { } writer && writer.HasRoom(bytes, inum);

    /// <summary>The error that stopped all writing; None while the PFS is writable.</summary>
    public Hammer2Error StopReason => _pfs.Writer?.StopReason ?? Hammer2Error.None;

    /// <summary>What a change is answered once writing has stopped; None while it has not.</summary>
    public Errno StopErrno => _pfs.Writer is { IsStopped: true } writer
        ? writer.Quorum.Policy == QuorumPolicy.Error ? Errno.EIO : Errno.EROFS
        : Errno.None;

    /// <summary>Commits all changes accepted so far.</summary>
    /// <returns>EIO when the commit failed, and the mount is read-only from then on; also EIO once for changes since
    /// the last call that could not be committed because a block that they need cannot be read: those objects have the
    /// state of the last commit.</returns>
    public Errno Sync()
    {
        Errno error = Commit();
        return error == Errno.None && TakeLoss() ? Errno.EIO : error;
    }

    /// <summary>As <see cref="Sync"/>, for callers that learn of changes that could not be committed by
    /// <see cref="LeftOut"/>.</summary>
    /// <returns>EIO when the commit failed; the mount is read-only from then on.</returns>
    public Errno Commit() => _pfs.Writer is { } writer ? writer.Commit().ToErrno() : Errno.None;

    /// <summary>Commits all changes accepted for one object, with all other changes of the same operations: the entries
    /// of a new file, both directories of a rename.</summary>
    /// <param name="inum">The inode number.</param>
    /// <returns>EIO when the commit failed; the mount is read-only from then on.</returns>
    public Errno Commit(ulong inum) => _pfs.Writer is { } writer ? writer.Commit(inum).ToErrno() : Errno.None;

    /// <summary>Called with objects whose changes could not be committed, after they were reset to the last commit.
    /// Called within a commit: it must not block or make changes. Only for a writable PFS.</summary>
    public Action<IReadOnlyList<LeftOutInode>>? LeftOut
    {
        get => _pfs.Writer?.LeftOut;
        set
        {
            if (_pfs.Writer is { } writer) writer.LeftOut = value;
        }
    }

    /// <summary>Reads the name of the entry with a given key in a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="key">The key of the entry.</param>
    /// <param name="name">Receives the name; at least <see cref="NameBytesMax"/> long.</param>
    /// <param name="nameBytes">Length of the name in bytes.</param>
    /// <returns>ENOENT, ENOTDIR, ESTALE, EIO.</returns>
    public Errno GetEntryName(ulong directory, ulong key, Span<byte> name, out int nameBytes)
    {
        nameBytes = 0;
        using PfsWriter.ReadGuard guard = Hold(directory);
        Errno refused = GetDirectory(directory, out Inode parent);
        return refused == Errno.None ? NameOperations.GetName(parent, key, name, out nameBytes).ToErrno() : refused;
    }

    private bool TakeLoss()
    {
        if (_pfs.Writer is not { } writer) return false;
        long total = writer.LeftOutTotal;
        return Interlocked.Exchange(ref _lossTold, total) != total;
    }

    /// <summary>Runs background work on a thread of a timer or a pool. An exception stops all writing with its reason
    /// and does not end the process.</summary>
    /// <param name="work">Name of the work, for the log.</param>
    /// <param name="body">The work.</param>
    /// <returns>The result of the work; EIO when it threw.</returns>
    public Errno RunInBackground(string work, Func<Errno> body)
    {
        if (_pfs.Writer is not { } writer) return body();
        Errno answer = Errno.EIO;
        Hammer2Error error = writer.RunInBackground(work, () =>
        {
            answer = body();
            return Hammer2Error.None;
        });
        return error == Hammer2Error.None ? answer : error.ToErrno();
    }

    /// <summary>Bulkfree: frees unreachable blocks, while the filesystem is in use.</summary>
    /// <param name="options">Options of the pass.</param>
    /// <param name="result">The result.</param>
    /// <returns>EIO when a block could not be read, so that nothing was freed on its node; EROFS; EINTR when it was
    /// interrupted.</returns>
    public Errno Reclaim(ReclaimOptions options, out ReclaimResult result)
    {
        result = default;
        return _pfs.Writer is { } writer ? writer.Reclaim(options, out result).ToErrno() : Errno.EROFS;
    }

    /// <summary>Frees what was deleted, and gives up (TRIM) free space.</summary>
    /// <returns>As <see cref="Reclaim"/>.</returns>
    /// <param name="range">Where.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <param name="progress">As in <see cref="ReclaimOptions"/>.</param>
    /// <param name="discardedBytes">Length of what the devices were told.</param>
    public Errno Trim(TrimRange range, Func<bool> isCancelled, Action<long, long> progress, out long discardedBytes)
    {
        discardedBytes = 0;
        return _pfs.Writer is { } writer
            ? writer.Trim(range, isCancelled, progress, out discardedBytes).ToErrno() : Errno.EROFS;
    }

    /// <summary>Called when the kernel has forgotten an object: an orphan is deleted by the next commit.</summary>
    public Errno Forget(ulong inum)
    {
        if (_pfs.Writer is not { } writer) return Errno.None;
        _ = _linkable.TryRemove(inum, out _);
        Hammer2Error error = writer.RemoveIfOrphan(inum);
        return error == Hammer2Error.NoEntry ? Errno.None : error.ToErrno();
    }

    /// <summary>Has operations that hit ENOSPC wait for deletions that the caller knows of. Before the first
    /// operation.</summary>
    public void WaitFor(IPendingDeletions deletions)
    {
        if (_pfs.Writer is { } writer) writer.PendingDeletions = deletions;
    }

    private PfsWriter.ReadGuard Hold(ulong inum) => _pfs.Writer is { } writer ? writer.Read(inum) : default;

    /// <summary>True when writes do not set the times of files: a kernel with a writeback cache sets them by
    /// <see cref="SetAttributes"/>.</summary>
    public bool LeavesFileTimes { get; set; }

    /// <summary>The time of changes made now, in microseconds since 1970 UTC.</summary>
    public ulong CurrentTime => Now();

    private ulong Now() =>
        (ulong)((_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);

    private Errno BeginAdding(ReadOnlySpan<byte> name, long bytes, out PendingOperation operation)
    {
        operation = default;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        if (name.Length > NameBytesMax) return Errno.ENAMETOOLONG;
        // The kernel never passes such a name; tests may.
        if (!MediaValidator.IsEntryName(name)) return Errno.EINVAL;
        return writer.Reserve(bytes, leaves: 3, SpaceUse.Add, out operation).ToErrno();
    }

    private static Errno OpenDirectory(in Transaction change, ulong inum, out DirtyInode directory)
    {
        Hammer2Error error = change.Open(inum, out DirtyInode? found);
        directory = found!;
        if (error != Hammer2Error.None) return ErrnoOf(error, Errno.ESTALE);
        if (directory.Meta.Type != ObjectType.Directory) return Errno.ENOTDIR;
        return (directory.Meta.UserFlags & ImmutableFlags) != 0 ? Errno.EPERM : Errno.None;
    }

    // After a fault, a change of one file is consistent: the bytes before the fault are changed, or none.
    private static Errno End(in Transaction change, Hammer2Error error)
    {
        change.Complete();
        return error.ToErrno();
    }

    private static Errno ErrnoOf(Hammer2Error error, Errno noEntry) =>
        error == Hammer2Error.NoEntry ? noEntry : error.ToErrno();

    private static bool IsFixed(in InodeMeta meta) => (meta.UserFlags & (ImmutableFlags | AppendFlags)) != 0;

    private static bool KeepsName(in InodeMeta meta) =>
        (meta.UserFlags & (ImmutableFlags | AppendFlags | NoUnlinkFlags)) != 0;

    private void TouchFile(DirtyInode file)
    {
        if (!LeavesFileTimes) file.Meta.ModifyTime = file.Meta.ChangeTime = Now();
    }

    private void TouchDirectory(in Transaction change, DirtyInode directory)
    {
        directory.Meta.ModifyTime = directory.Meta.ChangeTime = Now();
        change.Touch(directory);
    }

    // Directories made by FreeBSD have a link count of 2 plus their subdirectories; a link count of 1 means not
    // counted.
    private static void CountSubdirectory(DirtyInode parent, int change)
    {
        if (parent.Meta.LinkCount >= 2) parent.Meta.LinkCount = (ulong)((long)parent.Meta.LinkCount + change);
    }
}
