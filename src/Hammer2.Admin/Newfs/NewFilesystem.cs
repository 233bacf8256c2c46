// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Newfs;

/// <summary>What was asked for cannot be made a filesystem. The message is for a person.</summary>
public sealed class NewfsException(string message) : Exception(message);

/// <summary>A PFS of a new filesystem: an empty root directory with a label.</summary>
/// <param name="Label">1 to 255 bytes of UTF-8, without a slash or NUL.</param>
/// <param name="ClusterId">Which cluster it is a node of; one of its own when there is no other node.</param>
/// <param name="NodeId">Which node it is.</param>
/// <remarks>Upstream: <c>format_hammer2_inode</c>, mkfs_hammer2.c.</remarks>
public sealed record NewPfs(string Label, MediaUuid ClusterId, MediaUuid NodeId)
{
    /// <summary>The label that every filesystem has: for what belongs to the device itself.</summary>
    public const string LocalLabel = "LOCAL";

    /// <summary>The label that upstream's loader boots from; never compressed.</summary>
    public const string BootLabel = "BOOT";

    /// <summary>What new files ask for. A PFS with the label BOOT, in any case, gets
    /// <see cref="CompressionMethod.AutoZero"/> whatever is said here.</summary>
    public CompressionMethod Compression { get; init; } = CompressionMethod.Lz4;

    /// <summary>1 to 9 for zlib; 0 is the method's usual level.</summary>
    public int CompressionLevel { get; init; }

    /// <summary>How new blocks are protected; not <see cref="CheckMethod.Freemap"/>.</summary>
    public CheckMethod Check { get; init; } = CheckMethod.XxHash64;

    /// <summary>Masters of its cluster, 1 to 8; 0 when it is a cluster of one, as upstream leaves it.</summary>
    public int Masters { get; init; }

    /// <summary>The compression byte of its root: the method, with the level above it.</summary>
    public byte CompressionPolicy => IsBoot
        ? (byte)CompressionMethod.AutoZero
        : (byte)((int)Compression | (CompressionLevel << 4));

    /// <summary>The check method of its root.</summary>
    public CheckMethod CheckUsed => IsBoot ? CheckMethod.XxHash64 : Check;

    // Whoever boots from it need not know how to decode.
    private bool IsBoot => Label.Equals(BootLabel, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// Everything that decides the bytes of a new filesystem, chance and time included: the same record on devices
/// of the same length gives the same bytes.
/// </summary>
public sealed record NewFilesystem
{
    /// <summary>Most PFSs that a filesystem can be made with: as many as the super-root has references.</summary>
    public const int PfsesMax = Media.BlocksetCount;

    /// <summary>Format version, 1 or 2. Version 1 has one volume.</summary>
    public int Version { get; init; } = 2;

    /// <summary>The PFSs, in the order of their inodes; upstream's first is LOCAL.</summary>
    public required IReadOnlyList<NewPfs> Pfses { get; init; }

    /// <summary>Names the filesystem in all its headers.</summary>
    public required MediaUuid FilesystemId { get; init; }

    /// <summary>The super-root's cluster id.</summary>
    public required MediaUuid SuperClusterId { get; init; }

    /// <summary>The super-root's own id.</summary>
    public required MediaUuid SuperNodeId { get; init; }

    /// <summary>All times of all inodes, in microseconds since 1970 UTC.</summary>
    public required ulong Time { get; init; }

    /// <summary>User id of the owner of the PFSs' root directories.</summary>
    public uint OwnerId { get; init; }

    /// <summary>Group id of the PFSs' root directories.</summary>
    public uint GroupId { get; init; }

    /// <summary>Bytes for a boot loader, a multiple of 8 MiB up to 256 MiB; null for upstream's rule.</summary>
    public ulong? BootBytes { get; init; }

    /// <summary>Bytes for what may come, a multiple of 8 MiB up to 1 GiB; null for upstream's rule.</summary>
    public ulong? AuxBytes { get; init; }

    /// <summary>None: each device is used whole. One: the sum of the volumes. Else one for each device.</summary>
    public IReadOnlyList<ulong> Sizes { get; init; } = [];
}
