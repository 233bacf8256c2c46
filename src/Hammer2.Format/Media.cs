// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>Sizes, radixes and reserved keys of the media. Each names its upstream constant.</summary>
/// <remarks>Source: hammer2_disk.h. A radix is log2 of a size in bytes.</remarks>
public static class Media
{
    /// <summary>Smallest allocation, 1 KiB (<c>HAMMER2_ALLOC_MIN</c>).</summary>
    public const int AllocationBytesMin = 1 << AllocationRadixMin;

    /// <summary><c>HAMMER2_RADIX_MIN</c>.</summary>
    public const int AllocationRadixMin = 10;

    /// <summary>Largest allocation, 64 KiB (<c>HAMMER2_ALLOC_MAX</c>).</summary>
    public const int AllocationBytesMax = 1 << AllocationRadixMax;

    /// <summary><c>HAMMER2_RADIX_MAX</c>.</summary>
    public const int AllocationRadixMax = 16;

    /// <summary>Physical buffer and logical file block, 64 KiB (<c>HAMMER2_PBUFSIZE</c>).</summary>
    public const int BufferBytes = 1 << BufferRadix;

    /// <summary><c>HAMMER2_PBUFRADIX</c>.</summary>
    public const int BufferRadix = 16;

    /// <summary>Bytes of file data in one logical block; file data keys are multiples of it.</summary>
    public const int FileBlockBytes = BufferBytes;

    /// <summary>Freemap granule and nominal indirect block, 16 KiB (<c>HAMMER2_LBUFSIZE</c>).</summary>
    public const int GranuleBytes = 1 << GranuleRadix;

    /// <summary><c>HAMMER2_FREEMAP_BLOCK_RADIX</c>.</summary>
    public const int GranuleRadix = 14;

    /// <summary>Smallest indirect block, 4 KiB (<c>HAMMER2_IND_BYTES_MIN</c>).</summary>
    public const int IndirectBytesMin = 1 << IndirectRadixMin;

    /// <summary>log2 of <see cref="IndirectBytesMin"/>.</summary>
    public const int IndirectRadixMin = 12;

    /// <summary>Nominal indirect block, 16 KiB (<c>HAMMER2_IND_BYTES_NOM</c>).</summary>
    public const int IndirectBytesNominal = 16384;

    /// <summary>References in an inode or a volume header sector (<c>HAMMER2_SET_COUNT</c>).</summary>
    public const int BlocksetCount = 4;

    /// <summary>Bytes of a blockset.</summary>
    public const int BlocksetBytes = BlocksetCount * Blockref.SizeBytes;

    /// <summary>Bytes of an inode block (<c>HAMMER2_INODE_BYTES</c>).</summary>
    public const int InodeBytes = 1024;

    /// <summary>log2 of <see cref="InodeBytes"/>.</summary>
    public const int InodeRadix = 10;

    /// <summary>File bytes that fit into an inode (<c>HAMMER2_EMBEDDED_BYTES</c>).</summary>
    public const int EmbeddedBytes = 512;

    /// <summary>Longest file name and longest label, in bytes (<c>HAMMER2_INODE_MAXNAME</c> less
    /// one).</summary>
    public const int NameBytesMax = 255;

    /// <summary>Length of the name that an inode below a PFS root has, its number as 0x and 16 digits, in
    /// bytes.</summary>
    public const int InodeNameBytes = 18;

    /// <summary>Longest name, in bytes, that is stored inside a directory entry's reference.</summary>
    public const int EntryNameInlineBytesMax = 64;

    /// <summary>One freemap entry covers 4 MiB (<c>HAMMER2_SEGSIZE</c>).</summary>
    public const int SegmentBytes = 1 << SegmentRadix;

    /// <summary><c>HAMMER2_FREEMAP_LEVEL0_RADIX</c>.</summary>
    public const int SegmentRadix = 22;

    /// <summary>One freemap leaf covers 1 GiB (<c>HAMMER2_FREEMAP_LEVEL1_SIZE</c>).</summary>
    public const long ZoneBytes = 1L << ZoneRadix;

    /// <summary><c>HAMMER2_FREEMAP_LEVEL1_RADIX</c>.</summary>
    public const int ZoneRadix = 30;

    /// <summary>Bytes at the start of every GiB that are reserved for headers and the freemap
    /// (<c>HAMMER2_ZONE_SEG</c>).</summary>
    public const int ZoneReservedBytes = SegmentBytes;

    /// <summary>Distance of the volume header copies, 2 GiB (<c>HAMMER2_ZONE_BYTES64</c>).</summary>
    public const long HeaderZoneBytes = 2L << 30;

    /// <summary>Copies of the volume header (<c>HAMMER2_NUM_VOLHDRS</c>).</summary>
    public const int HeaderCopies = 4;

    /// <summary>Offset of this driver's spare header on volumes that hold one header copy only: the last 64 KiB of the
    /// first reserved segment, which upstream does not use.</summary>
    public const long SpareHeaderOffset = ZoneReservedBytes - VolumeHeaderBytes;

    /// <summary>Offset of the record of a prepared commit on a device that holds a node of a cluster: slot 62 of the
    /// first reserved segment, which upstream does not use.</summary>
    public const long PreparedRecordOffset = SpareHeaderOffset - VolumeHeaderBytes;

    /// <summary>Offset of the two copies of the upkeep record: slot 60 of the first reserved segment, which upstream
    /// does not use.</summary>
    public const long UpkeepRecordOffset = SpareHeaderOffset - (3 * VolumeHeaderBytes);

    /// <summary>Offset of the writer mark in each volume: slot 61 of its first reserved segment, which upstream does
    /// not use.</summary>
    public const long WriterMarkOffset = SpareHeaderOffset - (2 * VolumeHeaderBytes);

    /// <summary>Bytes of a volume header (<c>HAMMER2_VOLUME_BYTES</c>).</summary>
    public const int VolumeHeaderBytes = 65536;

    /// <summary>Volumes end on a multiple of 8 MiB (<c>HAMMER2_VOLUME_ALIGN</c>).</summary>
    public const long VolumeAlignBytes = 8L << 20;

    /// <summary>Maximum number of volumes of one filesystem (<c>HAMMER2_MAX_VOLUMES</c>).</summary>
    public const int VolumesMax = 64;

    /// <summary>Maximum number of nodes of one cluster (<c>HAMMER2_MAXCLUSTER</c>).</summary>
    public const int NodesMax = 8;

    /// <summary>Maximum nesting of indirect blocks; a deeper tree is rejected as a cycle.</summary>
    public const int TreeDepthMax = 64;

    /// <summary>Key bit that is set for directory entries and clear for inode numbers
    /// (<c>HAMMER2_DIRHASH_VISIBLE</c>).</summary>
    public const ulong EntryKeyBit = 1UL << 63;

    /// <summary>Keys of one directory hash: the low 15 bits count collisions
    /// (<c>HAMMER2_DIRHASH_LOMASK</c>).</summary>
    public const ulong EntryCollisionMask = 0x7FFF;

    /// <summary>Inode number of the super-root; also its key in the volume header.</summary>
    public const ulong SuperRootInum = 0;

    /// <summary>Inode number of every PFS root.</summary>
    public const ulong PfsRootInum = 1;

    /// <summary>First inode number of a new object.</summary>
    public const ulong InumFirst = 1024;
}
