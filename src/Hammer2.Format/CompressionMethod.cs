// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>How file data is encoded.</summary>
/// <remarks>Upstream: <c>HAMMER2_COMP_*</c>.</remarks>
public enum CompressionMethod : byte
{
    /// <summary>Stored as it is.</summary>
    None = 0,

    /// <summary>A policy of inodes: blocks of zeros become holes. Never on a block.</summary>
    AutoZero = 1,

    /// <summary>A 32-bit length and an LZ4 block.</summary>
    Lz4 = 2,

    /// <summary>A zlib stream.</summary>
    Zlib = 3,
}
