// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>What a <see cref="Blockref"/> refers to.</summary>
/// <remarks>Upstream: <c>HAMMER2_BREF_TYPE_*</c>.</remarks>
public enum BlockrefType : byte
{
    /// <summary>An unused slot; all 128 bytes are zero.</summary>
    Empty = 0,

    /// <summary>An inode, 1 KiB.</summary>
    Inode = 1,

    /// <summary>A block of references, 4 KiB to 64 KiB.</summary>
    Indirect = 2,

    /// <summary>File data, up to 64 KiB, perhaps compressed.</summary>
    Data = 3,

    /// <summary>A directory entry; names above 64 bytes have a block of 1 KiB.</summary>
    Dirent = 4,

    /// <summary>A block of references to freemap blocks.</summary>
    FreemapNode = 5,

    /// <summary>A freemap block: 256 bitmap entries.</summary>
    FreemapLeaf = 6,

    /// <summary>Filler in the headers of volumes other than the root volume.</summary>
    Invalid = 7,

    /// <summary>Never on media: stands for the header as the owner of the freemap's references.</summary>
    FreemapRoot = 254,

    /// <summary>Never on media: stands for the header as the owner of the super-root's reference.</summary>
    VolumeRoot = 255,
}
