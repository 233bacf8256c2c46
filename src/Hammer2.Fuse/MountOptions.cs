// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Fuse.Protocol;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>What <c>-o</c> can say. Made by <see cref="MountOptionParser"/>.</summary>
public sealed record MountOptions
{
    /// <summary>Default bound of all caches of metadata and decoded data together, in bytes.</summary>
    public const long MemoryBytesDefault = 256L << 20;

    /// <summary>Default of <see cref="CommitInterval"/>.</summary>
    public static readonly TimeSpan CommitIntervalDefault = TimeSpan.FromSeconds(30);

    /// <summary>Flags of mount(2). Mounts of ordinary users are nosuid and nodev whatever they say.</summary>
    public FuseMountFlags Flags { get; init; }

    /// <summary>True when nothing is to be written.</summary>
    public bool IsReadOnly => Flags.HasFlag(FuseMountFlags.ReadOnly);

    /// <summary>True when writing was asked for in so many words: what cannot be written is then not
    /// mounted, else it is mounted read-only with a warning.</summary>
    public bool AsksForWriting { get; init; }

    /// <summary>Longest time for which an accepted change may not be durable.</summary>
    public TimeSpan CommitInterval { get; init; } = CommitIntervalDefault;

    /// <summary>True to let the kernel gather writes of files before it passes them on.</summary>
    public bool UsesWritebackCache { get; init; } = true;

    /// <summary>True to have the devices give up (TRIM) what bulkfree freed; those that cannot are left
    /// alone.</summary>
    public bool Discards { get; init; } = true;

    /// <summary>True to store a block once that equals one written lately.</summary>
    public bool Deduplicates { get; init; } = true;

    /// <summary>Owner shown for everything; null shows the stored ones.</summary>
    public uint? UserId { get; init; }

    /// <summary>Group shown for everything; null shows the stored ones.</summary>
    public uint? GroupId { get; init; }

    /// <summary>Permission bits to take from 0777, which is then shown for everything; null shows the stored
    /// ones.</summary>
    public uint? Umask { get; init; }

    /// <summary>Whether others than the one who mounts may look in; null: when root mounts.</summary>
    public bool? AllowsOthers { get; init; }

    /// <summary>True to serve in this process until unmounted.</summary>
    public bool IsForeground { get; init; }

    /// <summary>What is logged; null leaves it to the caller.</summary>
    public LogLevel? LogLevel { get; init; }

    /// <summary>Bound of all caches of the process together, in bytes; null:
    /// <see cref="MemoryBytesDefault"/>.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>True to show the best node there is when no quorum of masters can be had.</summary>
    public bool IsDegraded { get; init; }

    /// <summary>How many masters the cluster has, 1 to 8, for nodes that do not say; null when it is not
    /// known.</summary>
    public int? Masters { get; init; }

    /// <summary>Label of the PFS to mount; null: the one that the specification names, or the default.</summary>
    public string? Label { get; init; }

    /// <summary>Further devices: volumes of the same filesystem, or other nodes of the cluster. Those of one element
    /// were given as one filesystem.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Devices { get; init; } = [];

    /// <summary>Where in each device the filesystem starts, in bytes; null to search.</summary>
    public long? Offset { get; init; }

    /// <summary>Name of the partition to use; null to search.</summary>
    public string? Partition { get; init; }

    /// <summary>Serving threads; null: as many as processors, at least 2 and at most 8.</summary>
    public int? ThreadsTotal { get; init; }

    /// <summary>Read-ahead of the kernel in bytes; null leaves its default.</summary>
    public int? ReadAheadBytes { get; init; }

    /// <summary>What the table of mounts shows as the device; null: the specification.</summary>
    public string? SourceName { get; init; }
}
