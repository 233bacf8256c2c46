// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Fuse.Administration.Events;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Administration;

/// <summary>The mount that requests are about.</summary>
/// <param name="Cluster">Its PFS with the filesystems of its nodes.</param>
/// <param name="Vnodes">The operations on its objects.</param>
/// <param name="OwnerId">The user that made it.</param>
/// <param name="Options">How it was made.</param>
/// <param name="Logger">Receives what was done.</param>
/// <param name="Time">The clock.</param>
/// <param name="Scheduler">Starts threads.</param>
internal sealed record AdministeredMount(ClusterMount Cluster, VnodeOps Vnodes, uint OwnerId, MountOptions Options,
    ILogger Logger, TimeProvider Time, IScheduler Scheduler)
{
    /// <summary>Changes the list of PFSs of its filesystems.</summary>
    public required PfsListAccess PfsList { get; init; }

    /// <summary>Receive messages of what is opened besides.</summary>
    public required ILoggerFactory Loggers { get; init; }

    /// <summary>Tells the kernel what changed without it; null while it is not mounted.</summary>
    public FuseNotifier? Notifier { get; set; }

    /// <summary>The node id by which the kernel knows an inode number.</summary>
    public Func<ulong, ulong> NodeOf { get; init; } = static inum => inum;

    /// <summary>Changes its options, given as a list; returns those after the change.</summary>
    public Func<string, RequestOutcome<MountOptions>> ChangeOptions { get; init; } =
        static _ => new(Errno.EOPNOTSUPP, "there is no mount whose options could be changed", null);

    /// <summary>The same for options that the kernel does not know of, and is not asked about.</summary>
    public Func<string, RequestOutcome<MountOptions>> ChangePolicy { get; init; } =
        static _ => new(Errno.EOPNOTSUPP, "there is no mount whose options could be changed", null);

    /// <summary>True while the kernel does not let anything be written.</summary>
    public Func<bool> IsReadOnly { get; init; } = () => Vnodes.IsReadOnly;

    /// <summary>Counts of the session with the kernel.</summary>
    public Func<SessionCounts> Session { get; init; } = static () => default;

    /// <summary>The mount point.</summary>
    public Func<string> Target { get; init; } = static () => "";

    /// <summary>How long ago the work of timers may have been done at most, as of now.</summary>
    public Func<UpkeepLimits> UpkeepLimits { get; init; } = () => Options.Upkeep;

    /// <summary>What happened to it.</summary>
    public EventRing Events { get; init; } = new(Time);

    /// <summary>Requests of the kernel.</summary>
    public FuseStatistics Statistics { get; } = new(Time);

    /// <summary>Requests of the kernel as they are served, for those that follow them.</summary>
    public FuseTrace Trace { get; } = new(Time) { UntracedNode = VirtualNodes.Trace };

    /// <summary>The path of a node of the mounted PFS; null when it has none, or it cannot be found.</summary>
    public Func<ulong, byte[]?> PathOf { get; init; } = node => Vnodes.PathOf(node);

    /// <summary>The long requests that run in the background.</summary>
    public BackgroundJobs Jobs { get; } = new(Vnodes, Logger, Time, Scheduler);

    /// <summary>The PFS.</summary>
    public Pfs Pfs => Cluster.Pfs;

    /// <summary>The node whose filesystem requests without a node are about: the first one that is present.</summary>
    public PresentNode FirstNode => Pfs.Nodes[0];

    /// <summary>True when each change is committed before it is answered.</summary>
    public bool IsSynchronous => Options.Flags.HasFlag(FuseMountFlags.Synchronous);

    /// <summary>A user of this mount as a caller.</summary>
    public Caller CallerOf(uint userId) => new(userId, OwnerId);
}

/// <summary>Counts of a session with the kernel.</summary>
/// <param name="Queues">Queues of io_uring from which requests are taken; 0 when they are read from /dev/fuse.</param>
/// <param name="Stalled">Requests that wait for nodes.</param>
/// <param name="Malformed">Malformed requests.</param>
/// <param name="Unknown">Requests with unknown operations.</param>
/// <param name="Thrown">Requests that failed by a defect of the program.</param>
internal readonly record struct SessionCounts(int Queues, int Stalled, long Malformed, long Unknown, long Thrown);
