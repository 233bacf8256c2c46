// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Fuse.Protocol;
using Hammer2.Cluster.Transactions;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>The options of a mount. Made by <see cref="MountOptionParser"/>.</summary>
public sealed record MountOptions
{
    /// <summary>Default limit of all caches of metadata and decoded data together, in bytes.</summary>
    public const long MemoryBytesDefault = 256L << 20;

    /// <summary>Default of <see cref="CommitInterval"/>.</summary>
    public static readonly TimeSpan CommitIntervalDefault = TimeSpan.FromSeconds(30);

    /// <summary>Flags of mount(2). Mounts of ordinary users are always nosuid and nodev.</summary>
    public FuseMountFlags Flags { get; init; }

    /// <summary>True for a read-only mount.</summary>
    public bool IsReadOnly => Flags.HasFlag(FuseMountFlags.ReadOnly);

    /// <summary>True when the option rw was given: a PFS that cannot be written is then not mounted; without it, it is
    /// mounted read-only with a warning.</summary>
    public bool AsksForWriting { get; init; }

    /// <summary>Longest time until an accepted change is durable.</summary>
    public TimeSpan CommitInterval { get; init; } = CommitIntervalDefault;

    /// <summary>True to use the kernel's writeback cache.</summary>
    public bool UsesWritebackCache { get; init; } = true;

    /// <summary>True to take requests from the kernel over io_uring, with a warning where it does not offer that; false
    /// to read them from its device; null: over io_uring where it is offered and suits the mount.</summary>
    public bool? UsesIoUring { get; init; }

    /// <summary>True to serve extended attributes and ACLs; false leaves those that there are as they are.</summary>
    public bool HasExtendedAttributes { get; init; } = true;

    /// <summary>True to discard (TRIM) what bulkfree freed, on devices that support it.</summary>
    public bool Discards { get; init; } = true;

    /// <summary>True to store one copy of equal blocks that are written within a short time.</summary>
    public bool Deduplicates { get; init; } = true;

    /// <summary>False to leave nodes of a cluster that are not level as they are.</summary>
    public bool Resynchronizes { get; init; } = true;

    /// <summary>Bytes that the resynchronization of each node copies in a second at most; 0 for no bound.</summary>
    public ulong ResyncRateBytes { get; init; }

    /// <summary>True to delete the oldest snapshots of a node that has no space to be resynchronized.</summary>
    public bool ResyncDeletesSnapshots { get; init; }

    /// <summary>What becomes of changes without a quorum of nodes.</summary>
    public QuorumPolicy Quorum { get; init; }

    /// <summary>How long ago the work of timers may have been done at most.</summary>
    public UpkeepLimits Upkeep { get; init; }

    /// <summary>True to show what older volume headers have in <c>.hammer2/headers</c>.</summary>
    public bool ShowsHeaders { get; init; }

    /// <summary>True to show in <c>.hammer2/snapshots</c> of each directory what snapshots have of it.</summary>
    public bool HasSnapshotDirectories { get; init; }

    /// <summary>Owner shown for everything; null shows the stored ones.</summary>
    public uint? UserId { get; init; }

    /// <summary>Group shown for everything; null shows the stored ones.</summary>
    public uint? GroupId { get; init; }

    /// <summary>Bits that are cleared in 0777 to give the permissions shown for everything; null shows the stored
    /// permissions.</summary>
    public uint? Umask { get; init; }

    /// <summary>Whether users other than the one who mounts have access; null: only when root mounts.</summary>
    public bool? AllowsOthers { get; init; }

    /// <summary>What becomes of it: root's mounts are for all users unless the option says otherwise.</summary>
    public bool IsForAllUsers => AllowsOthers ?? Environment.IsPrivilegedProcess;

    /// <summary>True when the command does not return before the mount has ended.</summary>
    public bool IsForeground { get; init; }

    /// <summary>Lowest level that is logged; null: the caller decides.</summary>
    public LogLevel? LogLevel { get; init; }

    /// <summary>Limit of all caches of the process together, in bytes; null for
    /// <see cref="MemoryBytesDefault"/>.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>True to mount the best node read-only when there is no quorum of masters.</summary>
    public bool IsDegraded { get; init; }

    /// <summary>Number of masters of the cluster, 1 to 8, for nodes that do not store it; null when it is not
    /// known.</summary>
    public int? Masters { get; init; }

    /// <summary>Label of the PFS to mount; null: the one in the specification, or the default.</summary>
    public string? Label { get; init; }

    /// <summary>Further devices: volumes of the same filesystem, or other nodes of the cluster. Each element has the
    /// devices of one filesystem.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Devices { get; init; } = [];

    /// <summary>Offset of the filesystem on each device, in bytes; null to search.</summary>
    public long? Offset { get; init; }

    /// <summary>Name of the partition to use; null to search.</summary>
    public string? Partition { get; init; }

    /// <summary>Number of worker threads; null: one for each processor, at least 2 and at most 8.</summary>
    public int? ThreadsTotal { get; init; }

    /// <summary>Read-ahead of the kernel in bytes; null leaves its default.</summary>
    public int? ReadAheadBytes { get; init; }

    /// <summary>What the mount table shows as the source; null: the specification.</summary>
    public string? SourceName { get; init; }
}
