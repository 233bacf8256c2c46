// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Admin.Newfs;

/// <summary>The requested filesystem is not possible. The message is for the user.</summary>
public sealed class NewfsException(string message) : Exception(message);

/// <summary>A PFS of a new filesystem: an empty root directory with a label.</summary>
/// <param name="Label">1 to 255 bytes of UTF-8, without a slash or NUL.</param>
/// <param name="ClusterId">Id of the cluster that the PFS is a node of; unique when there is no other node.</param>
/// <param name="NodeId">Id of the node.</param>
/// <remarks>Upstream: <c>format_hammer2_inode</c>, mkfs_hammer2.c.</remarks>
public sealed record NewPfs(string Label, MediaUuid ClusterId, MediaUuid NodeId)
{
    /// <summary>The label of the PFS that every filesystem has, for data of the device itself.</summary>
    public const string LocalLabel = "LOCAL";

    /// <summary>The label of the PFS that upstream's loader boots from; it is never compressed.</summary>
    public const string BootLabel = "BOOT";

    /// <summary>Compression of new files. Ignored for a PFS with the label BOOT (in any letter case), which gets
    /// <see cref="CompressionMethod.AutoZero"/>.</summary>
    public CompressionMethod Compression { get; init; } = CompressionMethod.Lz4;

    /// <summary>1 to 9 for zlib; 0 for the default level.</summary>
    public int CompressionLevel { get; init; }

    /// <summary>Check method of new blocks; not <see cref="CheckMethod.Freemap"/>.</summary>
    public CheckMethod Check { get; init; } = CheckMethod.XxHash64;

    /// <summary>Number of masters of its cluster, 1 to 8; 0 for a single node, as upstream does.</summary>
    public int Masters { get; init; }

    /// <summary>The compression byte of its root: the method in the low nibble, the level in the high one.</summary>
    public byte CompressionPolicy => IsBoot
        ? (byte)CompressionMethod.AutoZero
        : (byte)((int)Compression | (CompressionLevel << 4));

    /// <summary>The check method of its root.</summary>
    public CheckMethod CheckUsed => IsBoot ? CheckMethod.XxHash64 : Check;

    // A boot loader may not support decompression.
    private bool IsBoot => Label.Equals(BootLabel, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// All parameters of a new filesystem, including random ids and time: the same record on devices of the same length
/// gives the same bytes.
/// </summary>
public sealed record NewFilesystem
{
    /// <summary>Maximum number of PFSs of a new filesystem: the number of references in the super-root.</summary>
    public const int PfsesMax = Media.BlocksetCount;

    /// <summary>Format version, 1 or 2. Version 1 has one volume.</summary>
    public int Version { get; init; } = 2;

    /// <summary>The PFSs, in the order of their inodes; upstream's first is LOCAL.</summary>
    public required IReadOnlyList<NewPfs> Pfses { get; init; }

    /// <summary>Id of the filesystem, stored in all its headers.</summary>
    public required MediaUuid FilesystemId { get; init; }

    /// <summary>The super-root's cluster id.</summary>
    public required MediaUuid SuperClusterId { get; init; }

    /// <summary>The super-root's node id.</summary>
    public required MediaUuid SuperNodeId { get; init; }

    /// <summary>All times of all inodes, in microseconds since 1970 UTC.</summary>
    public required ulong Time { get; init; }

    /// <summary>User id of the owner of the PFSs' root directories.</summary>
    public uint OwnerId { get; init; }

    /// <summary>Group id of the PFSs' root directories.</summary>
    public uint GroupId { get; init; }

    /// <summary>Bytes for a boot loader, a multiple of 8 MiB up to 256 MiB; null for upstream's rule.</summary>
    public ulong? BootBytes { get; init; }

    /// <summary>Bytes of the auxiliary area, a multiple of 8 MiB up to 1 GiB; null for upstream's rule.</summary>
    public ulong? AuxBytes { get; init; }

    /// <summary>Empty: each device is used completely. One element: the total size. Otherwise one size for each
    /// device.</summary>
    public IReadOnlyList<ulong> Sizes { get; init; } = [];
}
