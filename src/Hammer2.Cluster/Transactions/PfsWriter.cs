// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Concurrency;
using Hammer2.Cluster.Healing;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Scrubbing;
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
    private readonly InodeNumbers _inodeNumbers;
    private readonly InodeCache _inodes;
    private readonly Deduplication _duplicates;
    private readonly BlockMemory _memory;
    private readonly BlockWriteBack _writeBack;
    private readonly LeftOutReport _leftOut;
    private readonly CommitQueue _queue;
    private readonly CommitScheduler _scheduler;
    private readonly SpaceReclaim _reclaim;
    private readonly BackgroundReclaim _backgroundReclaim;
    private readonly MediaClient _client;
    private readonly SpacePressure _pressure;
    private readonly OperationAdmission _admission;
    private readonly TransactionSource _transactions;
    private readonly OrphanDeletion _orphanDeletion;
    private readonly RootEditCommit _rootEdits;
    private readonly RootReplacement _rootReplacement;
    private readonly ViewChange _viewChange;
    private readonly MembershipChange _membershipChange;
    private readonly MountRecovery _recovery;
    private readonly Resynchronization _resynchronization;
    private readonly ResyncThreads _resyncs;
    private readonly HealingWork _healing;
    private readonly ScrubThreads _scrubs;
    private readonly IScheduler? _background;

    internal PfsWriter(ClusterNodes nodes, PfsWriteOptions options)
    {
        _nodes = nodes;
        IScheduler? background = _background = options.Workers > 0 ? options.Scheduler : null;
        _threads = new NodeThreads(options.Scheduler);
        (Quorum, ResyncRate, ResyncSnapshots) = (options.Quorum, options.ResyncRate, options.ResyncSnapshots);
        _failStop = new FailStop(nodes.Logger, nodes.LabelText, options.Quorum);
        var fencing = new NodeFencing(nodes, _failStop);
        var orphans = new OrphanSet();
        _inodeNumbers = new InodeNumbers(nodes);
        var numbers = new CommitNumbers(nodes, options.Random);
        Space = new SpaceReserve(nodes.View);
        _inodes = new InodeCache(nodes, _gate, _inodeNumbers, options.Memory);

        _memory = new BlockMemory(Space, options.Memory);
        _duplicates = new Deduplication(options.Deduplicates);
        var store = new BlockStore(nodes, fencing, _duplicates);
        var toWrite = new WriteBackQueue(options.Scheduler);
        var sealer = new BlockSealer(_memory, _locks, toWrite, options.OpenBytesMax);
        var batches = new BatchWriter(store, _memory, _failStop);
        _writeBack = new BlockWriteBack(sealer, batches, _memory, toWrite, options.Workers);

        var images = new FrozenInodes(nodes, _locks, _inodes);
        var closer = new GroupCloser(_gate, images, _inodeNumbers, numbers, orphans);
        _leftOut = new LeftOutReport(nodes);
        var reversal = new GroupReversal(
            _gate, closer, new InodeReversal(_locks, _inodes, _writeBack), Space, _leftOut);
        var steps = new NodeSteps(options.Runner ?? _threads, fencing, _failStop);
        var commit = new GroupCommit(nodes, _writeBack, steps, fencing, reversal);
        var cycle = new CommitCycle(closer, commit, images, Space, fencing, options.Time);
        _queue = new CommitQueue(cycle, _inodes, _writeBack, _failStop);

        var meter = new GroupLoadMeter(_gate, nodes, Space, _memory, options.Memory);
        _scheduler = new CommitScheduler(meter, _gate, _queue, _failStop, background);
        _reclaim = new SpaceReclaim(nodes, _queue, fencing, _failStop);
        _backgroundReclaim = new BackgroundReclaim(_reclaim, options.Discards, background);
        _queue.Committed = _backgroundReclaim.Check;
        _client = new MediaClient(nodes.LabelText, _duplicates, _queue);
        _pressure = new SpacePressure(Space, _queue, _reclaim, _failStop, options.Discards);

        _admission = new OperationAdmission(Space, _pressure, _scheduler, _writeBack, _failStop);
        var ledger = new OperationLedger(_gate, numbers, Space, _failStop);
        _transactions = new TransactionSource(_gate, _locks, ledger, _inodes, _writeBack);
        _orphanDeletion = new OrphanDeletion(_transactions);
        _rootEdits = new RootEditCommit(Space, _pressure, _queue);
        _viewChange = new ViewChange(nodes, _queue, _gate, _inodes, _duplicates, Space, _client);
        _recovery = new MountRecovery(nodes, _inodeNumbers, _queue, orphans, _orphanDeletion);
        _rootReplacement = new RootReplacement(nodes, _queue, _rootEdits, _recovery);
        _membershipChange = new MembershipChange(nodes, _viewChange, _queue);
        QuorumReturn = new QuorumReturn(nodes, _viewChange, _inodes, batches, _queue, fencing, _failStop);
        _resynchronization = new Resynchronization(nodes, _membershipChange, _failStop, options);
        _resyncs = new ResyncThreads(_resynchronization.Prepare, options.Resynchronizes ? background : null);
        var rebuild = new RebuildTransactions(_admission, _transactions, _queue);
        _healing = new HealingWork(nodes, new NodeHealer(nodes, rebuild), RunInBackground);
        _scrubs = new ScrubThreads(
            new ScrubOutside(nodes, _healing, _reclaim.RunOn, options.Time, options.Scheduler), RunInBackground);
    }

    /// <summary>True once too few nodes can be written, or an invariant broke: nothing more is accepted, and nothing
    /// more reaches the media.</summary>
    public bool IsStopped => _failStop.IsStopped;

    /// <summary>What stopped it; None while it is not.</summary>
    public Hammer2Error StopReason => _failStop.Reason;

    /// <summary>True while too few nodes can be written and changes wait for more: each is answered Stalled, and is to
    /// be made again later.</summary>
    public bool IsStalled => _failStop.IsStalled;

    /// <summary>How often it has stalled.</summary>
    public long StallsTotal => _failStop.StallsTotal;

    /// <summary>What becomes of changes without a quorum.</summary>
    public QuorumPolicySetting Quorum { get; }

    /// <summary>Called when a stall has ended, by the return of nodes or by giving up: what was answered Stalled is to
    /// be made again. With no lock held; it must not wait for a commit.</summary>
    public Action? StallEnded { get => QuorumReturn.Ended; set => QuorumReturn.Ended = value; }

    /// <summary>Sets what becomes of changes without a quorum, as <see cref="QuorumReturn.SetPolicy"/>.</summary>
    public void SetQuorumPolicy(QuorumPolicy policy) => QuorumReturn.SetPolicy(Quorum, policy);

    /// <summary>Stops it at once: what was not committed is lost, as in a power failure.</summary>
    public void Shutdown() => QuorumReturn.Shutdown();

    /// <summary>Bounds resynchronizations; can be changed at any time.</summary>
    public RateLimit ResyncRate { get; }

    /// <summary>What becomes of the snapshots of a node without space for that; can be changed at any time.</summary>
    public ResyncSnapshots ResyncSnapshots { get; }

    /// <summary>The highest inode number assigned so far.</summary>
    public ulong LastInum => _inodeNumbers.Last;

    /// <summary>Bytes of dirty blocks that are in memory and on no node yet.</summary>
    public long UnwrittenBytes => _memory.UnwrittenBytes;

    /// <summary>For how long the commit that runs has been running; null while none does.</summary>
    public TimeSpan? CommitRunningFor => _queue.RunningFor;

    /// <summary>Commits so far, and how long they took.</summary>
    public CommitCounts Commits => _queue.Counts;

    /// <summary>As <see cref="SpaceReclaim.StagedBytes"/>.</summary>
    public long? StagedBytes => _reclaim.StagedBytes;

    /// <summary>Blocks that were not stored because an equal one was.</summary>
    public long DeduplicatedBlocks => _duplicates.BlocksTotal;

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

    /// <summary>What was healed on nodes that could not show it.</summary>
    public HealCounts Healed => _healing.Counts;

    /// <summary>Starts a scrub of a node's filesystem in the background.</summary>
    /// <param name="node">The node.</param>
    /// <param name="options">How.</param>
    /// <returns>None; NodeDown when the node is not synced; Busy when one runs there.</returns>
    public Hammer2Error StartScrub(PresentNode node, ScrubOptions options) => _scrubs.Start(node, options);

    /// <summary>Stops the scrub of a node; it goes on where it was when it is started again.</summary>
    /// <returns>False when none runs.</returns>
    public bool StopScrub(PresentNode node) => _scrubs.Stop(node);

    /// <summary>Scrubs of the nodes' filesystems.</summary>
    internal ScrubThreads Scrubs => _scrubs;

    internal SpaceReserve Space { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scrubs.Dispose();
        _healing.Dispose();
        _resyncs.Dispose();
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
    public Hammer2Error Reserve(
        long bytes, int leaves, SpaceUse use, out PendingOperation operation, ulong written = 0) =>
        _admission.Reserve(bytes, leaves, use, out operation, written);

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
    public Hammer2Error Throttle() => _admission.Throttle();

    /// <summary>Begins an operation on up to four inodes; 0 stands for none.</summary>
    /// <param name="operation">From <see cref="Reserve"/>; the operation charges what it needs, and the rest is
    /// released.</param>
    /// <param name="first">Number of an inode.</param>
    /// <param name="second">Of another.</param>
    /// <param name="third">Of another.</param>
    /// <param name="fourth">Of another.</param>
    /// <remarks>Entry: no lock held. Exit: the gate shared, the locks of the inodes exclusively.</remarks>
    public Transaction Begin(
        ref PendingOperation operation, ulong first, ulong second = 0, ulong third = 0, ulong fourth = 0) =>
        _transactions.Begin(ref operation, new LockedInodes(first, second, third, fourth));

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
    internal Hammer2Error Commit(PfsRootEdit edit) => _rootEdits.Run(edit);

    /// <summary>Gives the PFS another root by a change of the list of PFSs, durably. What was accepted before is in the
    /// commit before it, and no operation runs meanwhile; later ones are about the other content.</summary>
    /// <param name="edit">The change.</param>
    /// <param name="newest">Further commits are numbered above this.</param>
    /// <returns>As <see cref="Commit(PfsRootEdit)"/>; TooLarge when no epoch is left; Io when an inode that was
    /// committed cannot be read back. After the commit: what kept orphans from being deleted.
    /// </returns>
    /// <remarks>Entry: no lock held. Reads that go on meanwhile may see both contents.</remarks>
    internal Hammer2Error ExchangeRoot(PfsRootEdit edit, ulong newest) => _rootReplacement.Run(edit, newest);

    /// <summary>Bulkfree on every synced node. The PFS may be read and written meanwhile.</summary>
    /// <param name="options">How.</param>
    /// <param name="result">What was done.</param>
    /// <returns>None; Interrupted; ReadOnly once stopped; the fault of a block that could not be read, on account of
    /// which nothing was freed on its node.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Reclaim(ReclaimOptions options, out ReclaimResult result) => _reclaim.Run(options, out result);

    /// <summary>Bulkfree on every synced node, then has their devices give up (TRIM) free space.</summary>
    /// <param name="range">Which space.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <param name="progress">How far bulkfree is, as in <see cref="ReclaimOptions"/>.</param>
    /// <param name="discardedBytes">Length of what the devices were told.</param>
    /// <returns>As <see cref="Reclaim"/>; what a discard met.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Trim(
        TrimRange range, Func<bool> isCancelled, Action<long, long> progress, out long discardedBytes)
    {
        discardedBytes = 0;
        Hammer2Error error = Reclaim(new ReclaimOptions(Discards: false, isCancelled, progress), out _);
        foreach (PresentNode node in _nodes.View.Synced)
        {
            if (error != Hammer2Error.None) break;
            error = node.Device.Committer!.DiscardFree(
                range.First, range.Last, range.LeastBytes, isCancelled, out long bytes);
            discardedBytes += bytes;
        }
        return error;
    }

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
    public Hammer2Error RemoveIfOrphan(ulong inum) => _orphanDeletion.Run(inum);

    /// <summary>What comes before the first change.</summary>
    /// <returns>None; what <see cref="MountRecovery.Run"/> met.</returns>
    internal Hammer2Error Start()
    {
        _client.Attach(_nodes.View);
        Hammer2Error error = _recovery.Run();
        if (error != Hammer2Error.None) return error;
        foreach (PresentNode node in _nodes.View.Nodes) _resyncs.Start(node);
        _healing.Start(_background);
        if (_background is not null) _scrubs.Resume();
        return error;
    }

    /// <summary>As <see cref="HealingWork.Run"/>.</summary>
    internal bool Heal() => _healing.Run();

    /// <summary>As <see cref="Pfs.ChangeView"/>: between two commits and while no operation runs.</summary>
    /// <remarks>Entry: no lock held; the devices of new nodes are open for writing.</remarks>
    internal Hammer2Error ChangeView(Func<ClusterView, ClusterView> change)
    {
        Hammer2Error error = _viewChange.Run(change);
        _nodes.Heals.Forgive();
        return error;
    }

    /// <summary>Ends a stall.</summary>
    internal QuorumReturn QuorumReturn { get; }

    /// <summary>Changes which nodes the cluster has, as <see cref="MembershipChange.Run(QuietWork)"/>.</summary>
    /// <remarks>Entry: no lock held; the devices of new nodes are open for writing.</remarks>
    internal Hammer2Error ChangeMembers(QuietWork work) => _membershipChange.Run(work);

    /// <summary>Changes the membership record, as <see cref="MembershipChange"/>.</summary>
    internal Hammer2Error ChangeMembers(Func<ClusterView, MembershipRecord?> change) => _membershipChange.Run(change);

    /// <summary>Runs work while everything is committed and no operation runs.</summary>
    /// <returns>What the work answers; what kept a commit from a quorum of nodes.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    internal Hammer2Error RunWhenCommitted(QuietWork work) => _viewChange.RunWhenCommitted(work);

    /// <summary>As <see cref="Resynchronization.Run"/>.</summary>
    internal Hammer2Error Resynchronize(PresentNode node, Func<bool> isCancelled) =>
        _resynchronization.Run(node, isCancelled);

    /// <summary>As <see cref="Resynchronization.CopySnapshots"/>.</summary>
    internal Hammer2Error CopySnapshots(PresentNode node, SnapshotClaim claim, Func<bool> isCancelled, out int total) =>
        _resynchronization.CopySnapshots(node, claim, isCancelled, out total);

    /// <summary>Resynchronizes a node that returned, in a thread of its own, unless that is turned off.</summary>
    internal void StartResync(PresentNode node) => _resyncs.Start(node);

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
