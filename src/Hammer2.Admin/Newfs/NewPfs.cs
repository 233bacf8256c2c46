// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Newfs;

/// <summary>A PFS of a new filesystem: an empty root directory with a label.</summary>
/// <param name="Label">1 to 255 bytes of UTF-8, without NUL.</param>
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

    /// <summary>True for a new node of a cluster that exists: a master that gets everything from the other nodes, and is
    /// neither read nor counted before.</summary>
    public bool IsReturning { get; init; }

    /// <summary>The compression byte of its root: the method in the low nibble, the level in the high one.</summary>
    public byte CompressionPolicy => IsBoot
        ? (byte)CompressionMethod.AutoZero
        : (byte)((int)Compression | (CompressionLevel << 4));

    /// <summary>The check method of its root.</summary>
    public CheckMethod CheckUsed => IsBoot ? CheckMethod.XxHash64 : Check;

    // A boot loader may not support decompression.
    private bool IsBoot => Label.Equals(BootLabel, StringComparison.OrdinalIgnoreCase);
}
