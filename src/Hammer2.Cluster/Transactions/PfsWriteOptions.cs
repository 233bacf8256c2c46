// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.WriteBack;

namespace Hammer2.Cluster.Transactions;

/// <summary>How a PFS is written.</summary>
public sealed record PfsWriteOptions
{
    /// <summary>Gives 64 random bits: for the ids of commits and the first number of an epoch.</summary>
    public Func<ulong> Random { get; init; } = SystemRandom.NextBits;

    /// <summary>Threads that encode and write file data in the background. With none, writers do it with their
    /// next write, in an order that depends on nothing but the calls.</summary>
    public int Workers { get; init; }

    /// <summary>Most bytes of file data that stay in memory because they may change again; 64 MiB unless told
    /// otherwise.</summary>
    public long OpenBytesMax { get; init; } = 64L << 20;

    /// <summary>Bounds of what is dirty, which PFSs of one process share.</summary>
    public DirtyMemory Memory { get; init; } = new();

    /// <summary>False when every block is to be stored, even if an equal one was written lately.</summary>
    public bool Deduplicates { get; init; } = true;

    /// <summary>True to have the devices give up (TRIM) what bulkfree freed when it ran because space was
    /// low.</summary>
    public bool Discards { get; init; }

    /// <summary>How the nodes' parts of a commit run; null for side by side.</summary>
    public INodeRunner? Runner { get; init; }

    /// <summary>False when nodes that are not synced are to be left as they are.</summary>
    public bool Resynchronizes { get; init; } = true;

    /// <summary>Bounds file data and references that the resynchronization of each node copies in a second.</summary>
    public RateLimit ResyncRate { get; init; } = new();

    /// <summary>What becomes of the snapshots of a node that has no space to be resynchronized.</summary>
    public ResyncSnapshots ResyncSnapshots { get; init; } = new();

    /// <summary>What becomes of changes without a quorum.</summary>
    public QuorumPolicySetting Quorum { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Starts threads.</summary>
    public IScheduler Scheduler { get; init; } = SystemScheduler.Instance;
}
