// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Concurrency;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// The writable side of a PFS: operations, gathered in transaction groups that are committed to every node as a whole.
/// </summary>
/// <remarks>Upstream: hammer2_transaction and the side queue. Puts the parts together; what they do is theirs.
/// </remarks>
public sealed class PfsWriter : IDisposable
{
    private readonly ClusterNodes _nodes;
    private readonly FailStop _failStop;
    private readonly InodeLocks _locks = new();
    private readonly TransactionGate _gate = new();
    private readonly NodeThreads _threads;
    private readonly CommitNumbers _numbers;
    private readonly InodeNumbers _inodeNumbers;
    private readonly InodeCache _inodes;
    private readonly BlockStore _store;
    private readonly BlockMemory _memory;
    private readonly BlockWriteBack _writeBack;
    private readonly LeftOutReport _leftOut;
    private readonly CommitQueue _queue;
    private readonly CommitScheduler _scheduler;
    private readonly SpaceReclaim _reclaim;
    private readonly BackgroundReclaim _backgroundReclaim;
    private readonly MediaClient _client;
    private readonly SpacePressure _pressure;
    private readonly MountRecovery _recovery;
    private readonly TransactionParts _parts;
    private readonly RankedLock _viewLock = new(LockRank.ViewChange);

    internal PfsWriter(ClusterNodes nodes, PfsWriteOptions options)
    {
        _nodes = nodes;
        _threads = new NodeThreads(options.Scheduler);
        _failStop = new FailStop(nodes.Logger, nodes.LabelText);
        var fencing = new NodeFencing(nodes, _failStop);
        var orphans = new OrphanSet();
        var inodeNumbers = new InodeNumbers(nodes);
        _numbers = new CommitNumbers(nodes, options.Random);
        Space = new SpaceReserve(nodes.View);
        _memory = new BlockMemory(Space, options.Memory);
        _inodes = new InodeCache(nodes, _gate, inodeNumbers, options.Memory);
        _store = new BlockStore(nodes, fencing, options.Deduplicates);
        var writer = new BatchWriter(_store, _memory, _failStop);
        _writeBack = new BlockWriteBack(writer, _memory, _locks, options.OpenBytesMax, options.Workers,
            options.Scheduler);
        var images = new FrozenInodes(nodes, _locks, _inodes);
        var closer = new GroupCloser(_gate, images, inodeNumbers, _numbers, orphans);
        _leftOut = new LeftOutReport(nodes);
        var reversal = new GroupReversal(
            _gate, closer, new InodeReversal(_locks, _inodes, _writeBack), Space, _leftOut);
        var steps = new NodeSteps(options.Runner ?? _threads, fencing, _failStop);
        var commit = new GroupCommit(nodes, _writeBack, steps, fencing, reversal);
        var cycle = new CommitCycle(closer, commit, images, Space, fencing);
        _queue = new CommitQueue(cycle, _inodes, _writeBack, _failStop);
        _scheduler = new CommitScheduler(
            _queue, _gate, nodes, Space, _memory, options.Memory, _failStop,
            options.Workers > 0 ? options.Scheduler : null);
        _reclaim = new SpaceReclaim(nodes, _queue, fencing, _failStop);
        _backgroundReclaim = new BackgroundReclaim(
            _reclaim, options.Discards, options.Workers > 0 ? options.Scheduler : null);
        _queue.Committed = _backgroundReclaim.Check;
        _client = new MediaClient(nodes.LabelText, _store, _queue);
        _inodeNumbers = inodeNumbers;
        _pressure = new SpacePressure(Space, _queue, _reclaim, _failStop, options.Discards);
        _recovery = new MountRecovery(nodes, inodeNumbers, _queue, orphans, RemoveIfOrphan);
        _parts = new TransactionParts(nodes, _gate, _inodes, _writeBack, _memory, Space, _failStop);
    }

    /// <summary>True once too few nodes can be written, or an invariant broke: nothing more is accepted, and nothing
    /// more reaches the media.</summary>
    public bool IsStopped => _failStop.IsStopped;

    /// <summary>What stopped it; None while it is not.</summary>
    public Hammer2Error StopReason => _failStop.Reason;

    /// <summary>The highest inode number assigned so far.</summary>
    public ulong LastInum => _inodeNumbers.Last;

    /// <summary>Bytes of dirty blocks that are in memory and on no node yet.</summary>
    public long UnwrittenBytes => _memory.UnwrittenBytes;

    /// <summary>Blocks that were not stored because an equal one was.</summary>
    public long DeduplicatedBlocks => _store.DeduplicatedBlocks;

    /// <summary>Inodes so far whose changes were accepted and could not be committed, since a block that they need can
    /// be read on no node. They are shown as the last commit has them.</summary>
    public long LeftOutTotal => _leftOut.Total;

    /// <summary>Told of such inodes once they are as the last commit has them. Called within a commit: it must not
    /// block, nor make changes.</summary>
    public Action<IReadOnlyList<LeftOutInode>>? LeftOut
    {
        get => _leftOut.LeftOut;
        set => _leftOut.LeftOut = value;
    }

    internal SpaceReserve Space { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scheduler.Dispose();
        _backgroundReclaim.Dispose();
        _client.Detach();
        _writeBack.Dispose();
        _threads.Dispose();
        _gate.Dispose();
        _locks.Dispose();
        Space.Dispose();
    }

    /// <summary>Accepts or refuses an operation by the space it needs, and slows it down when it is ahead of commits
    /// and write-back.</summary>
    /// <param name="bytes">Of file data.</param>
    /// <param name="leaves">Inodes, entries and blocks changed.</param>
    /// <param name="use">Whether it adds: then pending deletions are waited for, too.</param>
    /// <param name="operation">Holds the reservation; goes to <see cref="Begin"/>.</param>
    /// <param name="written">The file that grows, if it is one: while its own deletion is pending, nothing is waited
    /// for, since the kernel does not forget it before this write is answered.</param>
    /// <returns>None; NoSpace; ReadOnly once stopped, and for what adds in emergency mode; the error of a commit that
    /// stopped the PFS.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Reserve(long bytes, int leaves, SpaceUse use, out PendingOperation operation, ulong written = 0)
    {
        long reserved = SpaceCost.OfOperation(bytes, leaves);
        operation = new PendingOperation { ReservedBytes = reserved };
        if (IsStopped || (use == SpaceUse.Add && Space.IsEmergency)) return Hammer2Error.ReadOnly;
        Hammer2Error error = _scheduler.Pace();
        return error == Hammer2Error.None ? _pressure.Reserve(reserved, bytes, use, written) : error;
    }

    /// <summary>True in emergency mode, in which nothing can be added to the devices of the nodes.</summary>
    public bool IsEmergency
    {
        get => Space.IsEmergency;
        set => Space.SetEmergency(value);
    }

    /// <summary>True when so many bytes of file data would be accepted at present, once what was deleted is
    /// free.</summary>
    /// <param name="bytes">Of one file.</param>
    /// <param name="written">Its number.</param>
    /// <remarks>Entry: no lock held.</remarks>
    public bool HasRoom(long bytes, ulong written) => _pressure.HasRoom(bytes, written);

    /// <summary>Keeps dirty blocks within their bounds, before a write adds some.</summary>
    /// <returns>None; ReadOnly once stopped.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Throttle()
    {
        _writeBack.Throttle();
        return IsStopped ? Hammer2Error.ReadOnly : Hammer2Error.None;
    }

    /// <summary>Begins an operation on up to four inodes; 0 stands for none.</summary>
    /// <param name="operation">From <see cref="Reserve"/>; the operation charges what it needs, and the rest is
    /// released.</param>
    /// <param name="first">Number of an inode.</param>
    /// <param name="second">Of another.</param>
    /// <param name="third">Of another.</param>
    /// <param name="fourth">Of another.</param>
    /// <remarks>Entry: no lock held. Exit: the gate shared, the locks of the inodes exclusively.</remarks>
    public Transaction Begin(
        ref PendingOperation operation, ulong first, ulong second = 0, ulong third = 0, ulong fourth = 0)
    {
        _gate.Enter();
        var inodes = new LockedInodes(first, second, third, fourth);
        return new Transaction(_parts, inodes, _locks.Write(inodes), _numbers.NextOperation(), ref operation);
    }

    /// <summary>Locks an inode for reading.</summary>
    /// <remarks>Entry: no inode lock held.</remarks>
    public ReadGuard Read(ulong inum) => new(_locks.Read(inum));

    /// <summary>Makes all changes durable that were accepted before this call.</summary>
    /// <returns>None; Io once stopped; what kept the commit from a quorum of nodes.</returns>
    public Hammer2Error Commit() => _queue.CommitAll();

    /// <summary>Makes all changes of an inode durable, with those that they depend on.</summary>
    /// <returns>As <see cref="Commit()"/>.</returns>
    public Hammer2Error Commit(ulong inum) => _queue.CommitInode(inum);

    /// <summary>Changes the list of PFSs on every node, durably, together with all changes of this PFS that were
    /// accepted before.</summary>
    /// <returns>None; NoSpace; Io once stopped; what kept the commit from a quorum of nodes.</returns>
    /// <remarks>Entry: no lock held. Labels were checked.</remarks>
    internal Hammer2Error Commit(PfsRootEdit edit) => Commit(edit, edit => _queue.CommitAll(edit));

    /// <summary>Gives the PFS another root by a change of the list of PFSs, durably. What was accepted before is in the
    /// commit before it, and no operation runs meanwhile; later ones are about the other content.</summary>
    /// <param name="edit">The change.</param>
    /// <param name="newest">Further commits are numbered above this.</param>
    /// <returns>As <see cref="Commit(PfsRootEdit)"/>; TooLarge when no epoch is left; Io when an inode that was
    /// committed cannot be read back. After the commit: what kept orphans from being deleted.
    /// </returns>
    /// <remarks>Entry: no lock held. Reads that go on meanwhile may see both contents.</remarks>
    internal Hammer2Error ExchangeRoot(PfsRootEdit edit, ulong newest)
    {
        bool isRaised;
        using (_gate.EnterExclusive()) isRaised = _numbers.Raise(newest);
        Hammer2Error error = isRaised && _numbers.IsCluster ? _queue.BeginEpoch() : Hammer2Error.None;
        if (error == Hammer2Error.None) error = Commit(edit, edit => _queue.CommitExchange(edit, MayHaveOrphans));
        return error == Hammer2Error.None ? _recovery.RunAfterExchange() : error;

        bool MayHaveOrphans() =>
            CommitStamp.MayHaveOrphans(_nodes.View.FocusOf(Media.PfsRootInum).Root.Reference);
    }

    private Hammer2Error Commit(PfsRootEdit edit, Func<PfsRootEdit, Hammer2Error> commit)
    {
        // Each new root, and the way to its place below the super-root.
        long reserved = SpaceCost.OfOperation(dataBytes: 0, leaves: 2 * edit.RootsWritten);
        SpaceUse use = edit.Removes ? SpaceUse.Remove : SpaceUse.Add;
        if (use == SpaceUse.Add && Space.IsEmergency) return Hammer2Error.ReadOnly;
        Hammer2Error error = _pressure.Reserve(reserved, 0, use, written: 0);
        if (error != Hammer2Error.None) return error;
        error = commit(edit);
        Space.Release(reserved);
        return error;
    }

    /// <summary>Bulkfree on every synced node. The PFS may be read and written meanwhile.</summary>
    /// <param name="options">How.</param>
    /// <param name="result">What was done.</param>
    /// <returns>None; Interrupted; ReadOnly once stopped; the fault of a block that could not be read, on account of
    /// which nothing was freed on its node.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Reclaim(ReclaimOptions options, out ReclaimResult result) => _reclaim.Run(options, out result);

    /// <summary>Runs work that no caller waits for, on a timer's or a pool's thread: an exception stops the PFS instead
    /// of ending the process.</summary>
    /// <param name="work">What it is, for the log.</param>
    /// <param name="body">The work.</param>
    /// <returns>What it answers; Internal when it threw.</returns>
    public Hammer2Error RunInBackground(string work, Func<Hammer2Error> body) =>
        _failStop.Run(work, body, static body => body());

    /// <summary>What an operation that hits ENOSPC waits for; null for nothing. Set before the first
    /// operation.</summary>
    public IPendingDeletions? PendingDeletions
    {
        get => _pressure.PendingDeletions;
        set => _pressure.PendingDeletions = value;
    }

    /// <summary>Deletes an inode that is not in use any more, if it has no link: it goes with the next
    /// commit.</summary>
    /// <param name="inum">Its number.</param>
    /// <returns>None; NoEntry; the fault of a block on the way to it.</returns>
    /// <remarks>Entry: no lock held. Needs no reservation: deleting must always be possible.</remarks>
    public Hammer2Error RemoveIfOrphan(ulong inum)
    {
        var operation = default(PendingOperation);
        using Transaction transaction = Begin(ref operation, inum);
        Hammer2Error error = transaction.Open(inum, out DirtyInode? inode);
        bool isOrphan = error == Hammer2Error.None && inode!.Meta.LinkCount == 0 && inum != Media.PfsRootInum;
        if (isOrphan) transaction.Delete(inode!);
        transaction.Complete();
        return error;
    }

    /// <summary>What comes before the first change.</summary>
    /// <returns>None; what <see cref="MountRecovery.Run"/> met.</returns>
    internal Hammer2Error Start()
    {
        _client.Attach(_nodes.View);
        return _recovery.Run();
    }

    /// <summary>As <see cref="Pfs.ChangeView"/>: between two commits and while no operation runs.</summary>
    /// <remarks>Entry: no lock held; the devices of new nodes are open for writing.</remarks>
    internal Hammer2Error ChangeView(Func<ClusterView, ClusterView> change)
    {
        using (_viewLock.EnterScope())
        {
            Hammer2Error error = SwapView(change);
            // Bulkfree may wait for a commit of this PFS, and this waits for bulkfree: the commit lock is not held.
            if (error == Hammer2Error.None) _client.Detach(_nodes.View);
            return error;
        }
    }

    private Hammer2Error SwapView(Func<ClusterView, ClusterView> change) => _queue.RunBetweenCommits(() =>
    {
        using TransactionGate.Exclusion exclusion = _gate.EnterExclusive();
        ClusterView before = _nodes.View;
        ClusterView after = change(before);
        if (before.IsExtendedBy(after) && !_inodes.IsEmpty) return Hammer2Error.NotEmpty;
        // A stored block that another is to share has a location on each node of its own view only.
        _store.ForgetDuplicates();
        _client.Attach(after);
        Space.Follow(after);
        Invariant.Holds(_nodes.TrySwapView(before, after));
        return Hammer2Error.None;
    });

    internal bool TryGetDirty(ulong inum, [NotNullWhen(true)] out DirtyInode? inode) => _inodes.TryGet(inum, out inode);

    /// <summary>Keeps an inode as it is while it is read.</summary>
    public ref struct ReadGuard : IDisposable
    {
        private InodeLocks.Guard _guard;

        internal ReadGuard(InodeLocks.Guard guard) => _guard = guard;

        /// <inheritdoc/>
        public void Dispose() => _guard.Dispose();
    }
}
