// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Concurrency;

/// <summary>
/// A kind of lock: what it guards, and its rank. A thread that holds a lock acquires only locks of higher ranks, so
/// that no two threads can wait for each other in a circle.
/// </summary>
/// <remarks>The ranks of the whole program are here, in ascending order. docs/LOCKING.md lists the same ones and says
/// where each lock is, how long it is held and what may be done meanwhile; a repository test compares both.</remarks>
public sealed class LockRank
{
    private const int Leaf = 80;

    // Taken before those of the write path.
    public static readonly LockRank Mounting = new(1, "mounting");
    public static readonly LockRank NodesOfMount = new(1, "nodes that come and go");
    public static readonly LockRank Host = new(2, "state of the host");
    public static readonly LockRank OpenFilesystems = new(2, "users of filesystems");
    public static readonly LockRank MountStop = new(2, "stopping a mount");
    public static readonly LockRank ReadingAnew = new(2, "reading a filesystem anew");
    public static readonly LockRank ControlServer = new(2, "control sockets");

    // The write path.
    public static readonly LockRank MountedTree = new(3, "tree of a mount");
    public static readonly LockRank OpeningForWriting = new(4, "opening for writing");
    public static readonly LockRank Healing = new(4, "healing");
    public static readonly LockRank Reclaim = new(5, "bulkfree");
    public static readonly LockRank DeviceReclaim = new(6, "bulkfree of a device");
    public static readonly LockRank MembershipChange = new(7, "change of the members");
    public static readonly LockRank ViewChange = new(8, "change of the nodes");
    public static readonly LockRank Commit = new(10, "commit");
    public static readonly LockRank ResyncUnit = new(11, "unit of a resynchronization");
    public static readonly LockRank DeviceTurn = new(12, "turn of a device");
    public static readonly LockRank NodeSteps = new(15, "steps of nodes");
    public static readonly LockRank LastNodeStep = new(15, "last step of nodes");
    public static readonly LockRank TransactionGate = new(20, "gate of groups");
    public static readonly LockRank Inodes = new(30, "inodes");
    public static readonly LockRank ReservationNodes = new(50, "nodes of reservations");
    public static readonly LockRank GatheredMetadata = new(54, "gathered metadata");
    public static readonly LockRank Freemap = new(55, "freemap");
    public static readonly LockRank WriteBackQueue = new(60, "write-back queue");
    public static readonly LockRank WriteBackProgress = new(60, "progress of write-back");
    public static readonly LockRank GroupMembers = new(70, "members of the open group");
    public static readonly LockRank GroupClosing = new(70, "closing of the open group");
    public static readonly LockRank CommitRequests = new(75, "requests to commit");
    public static readonly LockRank CommitDue = new(75, "commit in background");
    public static readonly LockRank ResyncClosing = new(75, "end of resynchronizations");
    public static readonly LockRank ReturnsClosing = new(75, "end of the wait for nodes");
    public static readonly LockRank ReclaimDue = new(75, "bulkfree in background");
    public static readonly LockRank Scrubs = new(75, "scrubs");
    public static readonly LockRank HealingDue = new(75, "healing in background");
    public static readonly LockRank Upkeep = new(75, "upkeep record");

    public static readonly LockRank WriterClaim = new(76, "claim of a volume");
    public static readonly LockRank NbdPartialWrite = new(77, "parts of blocks of a remote device");

    // Held while workers are woken, which may install the handler of the signal for that.
    public static readonly LockRank FuseSessionEnd = new(78, "end of a FUSE session");

    public static readonly LockRank NbdConnection = new(79, "requests to a remote device");

    // Leaves: nothing but the log is called while one is held.
    public static readonly LockRank ChainCache = new(Leaf, "chains in memory");
    public static readonly LockRank DataBlockCache = new(Leaf, "file data in memory");
    public static readonly LockRank FaultLog = new(Leaf, "reported faults");
    public static readonly LockRank HealQueue = new(Leaf, "places to heal");
    public static readonly LockRank PinnedRoots = new(Leaf, "pinned commits");
    public static readonly LockRank MediaClients = new(Leaf, "clients of a device");
    public static readonly LockRank PfsViews = new(Leaf, "views of PFSs");
    public static readonly LockRank SpareContents = new(Leaf, "spare contents of blocks");
    public static readonly LockRank SpareBatches = new(Leaf, "spare batches");
    public static readonly LockRank DedupTable = new(Leaf, "blocks for deduplication");
    public static readonly LockRank DamagedDirectories = new(Leaf, "damaged directories");
    public static readonly LockRank ReportedInodes = new(Leaf, "reported inodes");
    public static readonly LockRank NodeTable = new(Leaf, "nodes that the kernel knows");
    public static readonly LockRank PendingDeletions = new(Leaf, "pending deletions");
    public static readonly LockRank LostChanges = new(Leaf, "lost changes");
    public static readonly LockRank RefusedWrites = new(Leaf, "refused writes");
    public static readonly LockRank MountInterruption = new(Leaf, "interruption of a mount");
    public static readonly LockRank MountEnd = new(Leaf, "end of a mount");
    public static readonly LockRank HandOver = new(Leaf, "connection of a hand-over");
    public static readonly LockRank ControlConversation = new(Leaf, "conversations of the control file");
    public static readonly LockRank BackgroundJobs = new(Leaf, "long requests in the background");
    public static readonly LockRank BackgroundJob = new(Leaf, "end of a long request");
    public static readonly LockRank SnapshotTrees = new(Leaf, "snapshots that are shown");
    public static readonly LockRank SnapshotTree = new(Leaf, "use of a snapshot");
    public static readonly LockRank NbdRequest = new(Leaf, "answer of a remote device");
    public static readonly LockRank FuseReadTurns = new(Leaf, "FUSE workers");
    public static readonly LockRank FuseLongRequests = new(Leaf, "long FUSE requests");
    public static readonly LockRank FuseQueueWorkers = new(Leaf, "FUSE queue workers");
    public static readonly LockRank FuseLongRequestsDone = new(Leaf, "end of long FUSE requests");
    public static readonly LockRank FuseStalledRequests = new(Leaf, "stalled FUSE requests");
    public static readonly LockRank FuseInterrupts = new(Leaf, "early FUSE interrupts");
    public static readonly LockRank FuseTrace = new(Leaf, "requests that are traced");
    public static readonly LockRank WakeSignalHandler = new(Leaf, "handler of the wake signal");

    // Messages are logged with other locks held.
    public static readonly LockRank MountMessages = new(90, "messages of a mount");
    public static readonly LockRank MountEvents = new(90, "events of a mount");
    public static readonly LockRank LogOutput = new(90, "output of the log");

    internal LockRank(int number, string guards)
    {
        Number = number;
        Guards = guards;
    }

    /// <summary>The rank: locks are acquired in ascending order.</summary>
    public int Number { get; }

    /// <summary>What a lock of this kind guards, in words for people.</summary>
    public string Guards { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Guards} (rank {Number})");
}
