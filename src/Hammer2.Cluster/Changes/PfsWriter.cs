// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.Changes;

/// <summary>
/// Makes changes to a PFS: numbers them, keeps the changed objects, gathers them in groups, and commits a
/// group to every node as a whole.
/// </summary>
/// <remarks>
/// Upstream: hammer2_transaction and the side queue. Operations enter the gate shared; closing a group takes
/// it alone, for moments: a commit does not hold up new operations.
/// </remarks>
public sealed partial class PfsWriter : IDisposable
{
    private readonly ReaderWriterLockSlim _gate = new();
    private readonly ConcurrentDictionary<ulong, LiveInode> _live = new();
    private readonly InodeLocks _locks = new();
    private readonly Lock _dirtyGate = new();
    private readonly HashSet<ulong> _nameless = [];
    private List<LiveInode> _dirty = [];
    private readonly PfsWriteOptions _options;
    private readonly NodeThreads _threads = new();
    private readonly FailStop _failStop;
    private ulong _lastTid;
    private ulong _lastInum;
    private long _groupsClosed;
    private long _openPromise;

    internal PfsWriter(Pfs pfs, PfsWriteOptions options)
    {
        Pfs = pfs;
        _options = options;
        _failStop = new FailStop(pfs.Logger, ByteText.Decode(pfs.Label.Span));
        Space = new SpaceReserve(pfs);
        _removals = new ExpectedRemovals(options.Time);
        _queue.Start(options.Workers, batch => WriteOut(batch));
        foreach (PfsNode node in pfs.Synced)
        {
            _lastTid = Math.Max(_lastTid, node.Root.Reference.ModifyTid);
            _lastInum = Math.Max(_lastInum, Math.Max(node.Root.Meta.PfsInum, Media.InumFirst - 1));
        }
    }

    /// <summary>True once too few nodes can be written, or an invariant broke: nothing more is accepted, and nothing
    /// more reaches the media.</summary>
    public bool IsStopped => _failStop.IsStopped;

    /// <summary>What stopped it; None while it is not.</summary>
    public Hammer2Error StopReason => _failStop.Reason;

    internal Pfs Pfs { get; }

    internal SpaceReserve Space { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Dispose();
        _threads.Dispose();
        _gate.Dispose();
        _locks.Dispose();
    }

    /// <summary>Begins an operation on up to four objects; 0 stands for none.</summary>
    /// <param name="operation">What <see cref="Promise"/> set aside for it; the operation takes from it what it
    /// needs, and gives the rest back.</param>
    /// <param name="first">Inode number of an object.</param>
    /// <param name="second">Of another.</param>
    /// <param name="third">Of another.</param>
    /// <param name="fourth">Of another.</param>
    /// <remarks>Entry: no lock held. Exit: the gate shared, the objects' locks alone.</remarks>
    public PfsChange Begin(
        ref PfsOperation operation, ulong first, ulong second = 0, ulong third = 0, ulong fourth = 0)
    {
        _gate.EnterReadLock();
        var objects = new ChangedObjects(first, second, third, fourth);
        return new PfsChange(
            this, objects, _locks.Write(objects), Interlocked.Increment(ref _lastTid), ref operation);
    }

    /// <summary>Does something on behalf of the PFS that no caller waits for, on a timer's or a pool's thread: an
    /// exception stops the PFS instead of ending the process.</summary>
    /// <param name="work">What it is, for the log.</param>
    /// <param name="body">What is done.</param>
    /// <returns>What it answers; Internal when it threw.</returns>
    public Hammer2Error RunInBackground(string work, Func<Hammer2Error> body) =>
        _failStop.Run(work, body, static body => body());

    /// <summary>Holds an object still for reading.</summary>
    /// <remarks>Entry: no inode lock held.</remarks>
    public ReadGuard Read(ulong inum) => new(_locks.Read(inum));

    internal bool TryGetLive(ulong inum, [NotNullWhen(true)] out LiveInode? live) =>
        _live.TryGetValue(inum, out live);

    internal Hammer2Error OpenLive(ulong inum, out LiveInode? inode)
    {
        if (_live.TryGetValue(inum, out inode))
            return inode.IsDeleted ? Hammer2Error.NoEntry : Hammer2Error.None;
        Hammer2Error error = Pfs.GetInode(inum, out Inode clean);
        if (error != Hammer2Error.None) return error;
        // Known from now on, so that a second opening in the same operation gives the same object.
        inode = LiveInode.FromChain(inum, clean.FocusNode, clean.Focus!);
        _live[inum] = inode;
        return Hammer2Error.None;
    }

    internal LiveInode Create(in InodeMeta meta, LiveInode directory, ulong tid)
    {
        InodeMeta full = meta;
        full.Inum = NextInum();
        full.NameKey = full.Inum;
        CheckMethod check = directory.Meta.Check == CheckMethod.None
            ? CheckMethod.XxHash64 : directory.Meta.Check;
        LiveInode made = LiveInode.Create(full, new BlockMethods(check, directory.Meta.Compression));
        made.FocusNode = Pfs.FocusOf(full.Inum);
        _live[full.Inum] = made;
        _ = Touch(made, tid);
        return made;
    }

    /// <summary>True when the object was not in the open group before.</summary>
    internal bool Touch(LiveInode inode, ulong tid)
    {
        inode.ModifyTid = Math.Max(inode.ModifyTid, tid);
        if (inode.IsDirty) return false;
        inode.IsDirty = true;
        lock (_dirtyGate) _dirty.Add(inode);
        return true;
    }

    /// <summary>One operation changed both: they are committed together or not at all.</summary>
    internal void Join(LiveInode left, LiveInode right)
    {
        lock (_dirtyGate) DependentInodes.Join(left, right);
    }

    /// <summary>Space that the group's commit will take: it is set aside until then.</summary>
    internal void KeepForGroup(ref PfsOperation operation, long bytes)
    {
        operation.PromisedBytes -= bytes;
        _ = Interlocked.Add(ref _openPromise, bytes);
    }

    /// <summary>Forgets objects that were opened and then not changed.</summary>
    /// <remarks>Entry: their locks are held.</remarks>
    internal void DropUntouched(in ChangedObjects objects)
    {
        DropUntouched(objects.First);
        DropUntouched(objects.Second);
        DropUntouched(objects.Third);
        DropUntouched(objects.Fourth);
    }

    /// <summary>An operation was torn off in its midst: what there is of it must not be committed, and is in one
    /// group with everything else.</summary>
    /// <remarks>Entry: the gate is held shared, so that no group is closed with it before this is known.</remarks>
    internal void StopTornOperation() => _failStop.Stop("an operation, which ended halfway", failure: null);

    internal void EndChange() => _gate.ExitReadLock();

    /// <summary>Keeps an object as it is while it is read.</summary>
    public ref struct ReadGuard : IDisposable
    {
        private InodeLocks.Guard _guard;

        internal ReadGuard(InodeLocks.Guard guard) => _guard = guard;

        /// <inheritdoc/>
        public void Dispose() => _guard.Dispose();
    }

    private void DropUntouched(ulong inum)
    {
        if (inum == 0 || !_live.TryGetValue(inum, out LiveInode? inode)) return;
        if (!inode.IsDirty && inode.Closing is null) _ = _live.TryRemove(inum, out _);
    }

    // Only while no operation runs.
    private void TakeNote(ulong inum, ulong linkCount, bool isDeleted)
    {
        if (isDeleted || linkCount != 0 || inum == Media.PfsRootInum) _ = _nameless.Remove(inum);
        else _ = _nameless.Add(inum);
    }

    /// <summary>Takes everything changed so far out of the open group.</summary>
    private ClosedGroup Close()
    {
        _gate.EnterWriteLock();
        try
        {
            // Counted while no operation runs, so that each operation knows which group it was in.
            _groupsClosed++;
            List<LiveInode> dirty = _dirty;
            _dirty = [];
            _openBlocks.Clear();
            _groupBlocks = 0;
            var closed = new List<ClosedInode>(dirty.Count);
            bool removes = false;
            foreach (LiveInode inode in dirty)
            {
                inode.IsDirty = false;
                var image = new ClosedInode(
                    inode, inode.Meta, (byte[]?)inode.Embedded?.Clone(), inode.ModifyTid, inode.Open,
                    inode.IsDeleted, DependentInodes.SetOf(inode), inode.Closing);
                inode.Closing = image;
                inode.Open = null;
                closed.Add(image);
                TakeNote(inode.Inum, image.Meta.LinkCount, image.IsDeleted);
                removes |= image.IsDeleted || image.Changes is { CutFrom: not LeafChanges.NoCut };
            }
            foreach (LiveInode inode in dirty) inode.SetParent = null;
            closed.Sort((left, right) => left.Live.Inum.CompareTo(right.Live.Inum));
            long promise = Interlocked.Exchange(ref _openPromise, 0);
            var group = new ClosedGroup(closed, _lastInum, NumberCommit(), promise, _nameless.Count > 0, removes)
            {
                Cluster = DrawCommit(),
            };
            if (closed.Count > 0) _lastTid += AttemptsMax - 1;
            return group;
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }
}

/// <summary>A group of changes that a commit writes.</summary>
/// <param name="Inodes">The changed objects by number.</param>
/// <param name="LastInum">The highest number given out.</param>
/// <param name="Tid">The newest operation in it.</param>
/// <param name="PromisedBytes">Space set aside for it.</param>
/// <param name="HasNameless">True when it leaves objects without a name, which are in use.</param>
/// <param name="Removes">True when it deletes objects or cuts files.</param>
internal sealed record ClosedGroup(
    List<ClosedInode> Inodes, ulong LastInum, ulong Tid, long PromisedBytes, bool HasNameless, bool Removes)
{
    /// <summary>What its commit says of the cluster; null for a PFS that never was one.</summary>
    public ClusterCommit? Cluster { get; init; }

    /// <summary>Attempts to commit it that failed, each with a number and an id of its own.</summary>
    public int Attempt { get; init; }
}
