// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>Check method in the high nibble, compression in the low nibble.</summary>
/// <remarks>The compression nibble is defined for DATA references only. Upstream leaves any value in the references of
/// other types.</remarks>
public readonly record struct BlockMethods(byte Raw)
{
    /// <summary>Joins the two methods into a byte.</summary>
    public BlockMethods(CheckMethod check, CompressionMethod compression)
        : this((byte)(((byte)check << 4) | (byte)compression))
    {
    }

    /// <summary>How the stored bytes are protected.</summary>
    public CheckMethod Check => (CheckMethod)(Raw >> 4);

    /// <summary>How the stored bytes of file data are encoded.</summary>
    public CompressionMethod Compression => (CompressionMethod)(Raw & 0x0F);
}
