// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.Xops;
using Hammer2.Format;

namespace Hammer2.Vnodes;

// What the modifying operations have in common.
public sealed partial class VnodeOps
{
    private const FileFlags ImmutableFlags = FileFlags.UserImmutable | FileFlags.SystemImmutable;
    private const FileFlags AppendFlags = FileFlags.UserAppend | FileFlags.SystemAppend;
    private const FileFlags NoUnlinkFlags = FileFlags.UserNoUnlink | FileFlags.SystemNoUnlink;

    /// <summary>True when nothing may be changed.</summary>
    public bool IsReadOnly => _pfs.Writer is null;

    /// <summary>True while changes are accepted.</summary>
    public bool CanWrite => _pfs.Writer is { IsStopped: false };

    /// <summary>True when this many bytes of file data would be accepted at present, once what was deleted is
    /// freed.</summary>
    /// <param name="inum">The file that they are for.</param>
    /// <param name="bytes">How many.</param>
    public bool HasRoom(ulong inum, long bytes) => _pfs.Writer is { } writer && writer.HasRoom(bytes, inum);

    /// <summary>What stopped all writing; None while it goes on.</summary>
    public Hammer2Error StopReason => _pfs.Writer?.StopReason ?? Hammer2Error.None;

    /// <summary>Makes everything accepted so far durable.</summary>
    /// <returns>EIO when it could not be written, and the mount is read-only from then on; also once for changes that
    /// could not be committed since the last call, because a block that they need cannot be read: those objects are as
    /// the last commit has them.</returns>
    public Errno Sync()
    {
        Errno error = Commit();
        return error == Errno.None && TakeLoss() ? Errno.EIO : error;
    }

    /// <summary>The same for callers that learn by <see cref="LeftOut"/> which changes could not be
    /// committed.</summary>
    /// <returns>EIO when it could not be written; the mount is read-only from then on.</returns>
    public Errno Commit() => _pfs.Writer is { } writer ? writer.Commit().ToErrno() : Errno.None;

    /// <summary>Makes everything durable that was accepted for one object, with all that those operations changed
    /// together with it: the names of a new file, both directories of a rename.</summary>
    /// <param name="inum">Its number.</param>
    /// <returns>EIO when it could not be written; the mount is read-only from then on.</returns>
    public Errno Commit(ulong inum) => _pfs.Writer is { } writer ? writer.Commit(inum).ToErrno() : Errno.None;

    /// <summary>Told of objects whose changes could not be committed, once they are as the last commit has them. Called
    /// within a commit: it must not block, nor make changes. Only of a PFS that is written.</summary>
    public Action<IReadOnlyList<LeftOutInode>>? LeftOut
    {
        get => _pfs.Writer?.LeftOut;
        set
        {
            if (_pfs.Writer is { } writer) writer.LeftOut = value;
        }
    }

    /// <summary>The name of the entry with a key in a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="key">Its key.</param>
    /// <param name="name">Gets it; at least <see cref="NameBytesMax"/> long.</param>
    /// <param name="nameBytes">How long it is.</param>
    /// <returns>ENOENT, ENOTDIR, ESTALE, EIO.</returns>
    public Errno GetEntryName(ulong directory, ulong key, Span<byte> name, out int nameBytes)
    {
        nameBytes = 0;
        using PfsWriter.ReadGuard guard = Hold(directory);
        Errno refused = GetDirectory(directory, out Inode parent);
        return refused == Errno.None ? NameXops.GetName(parent, key, name, out nameBytes).ToErrno() : refused;
    }

    private bool TakeLoss()
    {
        if (_pfs.Writer is not { } writer) return false;
        long total = writer.LeftOutTotal;
        return Interlocked.Exchange(ref _lossTold, total) != total;
    }

    /// <summary>Does something that no caller waits for, on a timer's or a pool's thread. What it throws stops all
    /// writing, with a reason, and ends nothing else.</summary>
    /// <param name="work">What it is, for the log.</param>
    /// <param name="body">What is done.</param>
    /// <returns>What it answers; EIO when it threw.</returns>
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

    /// <summary>Bulkfree: gives the space of what was deleted and replaced back. The mount goes on
    /// meanwhile.</summary>
    /// <param name="options">How.</param>
    /// <param name="result">What was done.</param>
    /// <returns>EIO for a block that could not be read, on account of which nothing was freed on its node; EROFS;
    /// EINTR when it was ended.</returns>
    public Errno Reclaim(ReclaimOptions options, out ReclaimResult result)
    {
        result = default;
        return _pfs.Writer is { } writer ? writer.Reclaim(options, out result).ToErrno() : Errno.EROFS;
    }

    /// <summary>Says that nobody uses an object any more: one without a name goes with the next
    /// commit.</summary>
    public Errno Forget(ulong inum)
    {
        if (_pfs.Writer is not { } writer) return Errno.None;
        _ = _linkable.TryRemove(inum, out _);
        Hammer2Error error = writer.RemoveIfOrphan(inum);
        return error == Hammer2Error.NoEntry ? Errno.None : error.ToErrno();
    }

    /// <summary>Says that an object that lost a name, or was closed, is likely to be forgotten soon. If it is a file
    /// that has no name left, whoever finds no room in the next second waits for that.</summary>
    public void ExpectForget(ulong inum)
    {
        if (_pfs.Writer is not { } writer) return;
        bool isLeaving = GetAttributes(inum, out VnodeAttributes attributes) == Errno.None
            && attributes is { LinkCount: 0, Type: ObjectType.RegularFile };
        if (isLeaving) writer.ExpectDeletion(inum);
    }

    private PfsWriter.ReadGuard Hold(ulong inum) => _pfs.Writer is { } writer ? writer.Read(inum) : default;

    /// <summary>True when writing leaves the times of files alone: they come by <see cref="SetAttributes"/>,
    /// before or after, from a kernel that delays writes and keeps the times itself.</summary>
    public bool LeavesFileTimes { get; set; }

    /// <summary>What changes are stamped with now, in microseconds since 1970 UTC.</summary>
    public ulong CurrentTime => Now();

    private ulong Now() =>
        (ulong)((_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);

    private Errno BeginAdding(ReadOnlySpan<byte> name, long bytes, out PendingOperation operation)
    {
        operation = default;
        if (_pfs.Writer is not { } writer) return Errno.EROFS;
        if (name.Length > NameBytesMax) return Errno.ENAMETOOLONG;
        // The kernel never asks for such a name; the control file and tests may.
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

    // What a fault left of a change to one file is whole: the bytes before it, or nothing.
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

    // Directories made by FreeBSD count their subdirectories from 2 up; those that read 1 do not count.
    private static void CountSubdirectory(DirtyInode parent, int change)
    {
        if (parent.Meta.LinkCount >= 2) parent.Meta.LinkCount = (ulong)((long)parent.Meta.LinkCount + change);
    }
}
