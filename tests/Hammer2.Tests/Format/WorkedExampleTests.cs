// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>
/// Goal: the declarations and codecs agree with what an upstream writer put on media.
/// Method: walk one small image by hand, from the header to both files and to the freemap, and
/// compare each number on the way.
/// </summary>
public sealed class WorkedExampleTests
{
    private readonly WorkedExample _image = new();

    [Fact]
    public void The_three_codes_of_the_header_match()
    {
        var header = new VolumeHeaderView(_image.Read(0, 65536));
        ref VolumeHeaderSector fields = ref header.Fields;
        Assert.Equal(VolumeHeaderView.MagicValue, fields.Magic);
        Assert.Equal((2u, (byte)1, (byte)0), (fields.Version, fields.VolumesTotal, fields.VolumeIndex));
        Assert.Equal((0x80000000UL, 0x80000000UL), (fields.VolumeBytes, fields.TotalBytes));
        Assert.Equal((0x77800000UL, 0x777F4000UL), (fields.AllocatorBytes, fields.AllocatorFree));
        Assert.Equal(
            (0x8400C00UL, 0x11UL, 0x11UL), (fields.AllocatorBegin, fields.MirrorTid, fields.FreemapTid));
        Assert.Equal(VolumeHeaderView.TypeHammer2, fields.FilesystemType);
        Assert.Equal(0UL, header.VolumeStarts[0]);
        Assert.Equal(-1, header.VolumeStarts[1..].IndexOfAnyExcept(VolumeHeaderView.VolumeStartUnused));

        Assert.Equal((0xF5E99934u, 0xE5B00F9Du), (fields.CrcSector1, fields.CrcSector0));
        Assert.Equal(0x43CA1E21u, header.CrcHeader);
        Assert.Equal(fields.CrcSector1, IscsiCrc32.Compute(header.Bytes.Slice(0x200, 0x200)));
        Assert.Equal(fields.CrcSector0, IscsiCrc32.Compute(header.Bytes[..0x1FC]));
        Assert.Equal(header.CrcHeader, IscsiCrc32.Compute(header.Bytes[..0xFFFC]));
    }

    [Fact]
    public void The_super_root_has_two_PFSs()
    {
        Blockref reference = SuperRoot();
        Assert.Equal(0xA3B9CE99E8FE02D3, BinaryPrimitives.ReadUInt64LittleEndian(reference.Check));
        Assert.Equal((0x8801400UL, 1024), (reference.Data.Bytes, reference.Data.SizeBytes));
        Assert.Equal((8192UL, 3UL), (reference.Subtree.DataCount, reference.Subtree.InodeCount));
        Assert.Equal(0x16UL, reference.ModifyTid);

        var inode = new InodeBlock(ReadInode(reference));
        Assert.Equal("SUPROOT", Encoding.ASCII.GetString(inode.Name));
        Assert.Equal((PfsType.SuperRoot, PfsType.None), (inode.Meta.PfsType, inode.Meta.PfsTypeNext));
        Assert.Equal(
            (ObjectType.Directory, 0x1C0u, 0UL), (inode.Meta.Type, inode.Meta.Mode, inode.Meta.Inum));
        Assert.Equal(DirectoryHash.Compute("DATA"u8), inode.Blockset[0].Key);
        Assert.Equal(DirectoryHash.Compute("LOCAL"u8), inode.Blockset[1].Key);
        Assert.Equal(BlockrefFlags.PfsRoot, inode.Blockset[0].Flags);
    }

    [Fact]
    public void The_root_has_entries_and_a_table_of_inodes()
    {
        var root = new InodeBlock(ReadInode(PfsRoot()));
        Assert.Equal("DATA", Encoding.ASCII.GetString(root.Name));
        Assert.Equal((1UL, 0x403UL, PfsType.Master), (root.Meta.Inum, root.Meta.PfsInum, root.Meta.PfsType));
        Assert.Equal((CompressionMethod.Lz4, CheckMethod.XxHash64), (root.Meta.Compression, root.Meta.Check));
        Assert.Equal(OperationFlags.PfsRoot, root.Meta.OperationFlags);

        Span<Blockref> slots = root.Blockset;
        Assert.True(slots[0].IsEmpty);
        Assert.Equal(
            (BlockrefType.Indirect, (byte)63, 4096),
            (slots[1].Type, slots[1].KeyBits, slots[1].Data.SizeBytes));
        AssertEntry(slots[2], "hello.txt", 0x400, ObjectType.RegularFile);
        AssertEntry(slots[3], "d", 0x401, ObjectType.Directory);

        var table = new BlockTable(slots);
        Assert.Equal(2, table.FindFirst(DirectoryHash.Compute("hello.txt"u8)));
        Assert.Equal(1, table.FindFirst(0x400));
        Assert.Equal(3, table.CountUsed());
    }

    [Fact]
    public void The_short_file_is_embedded_in_its_inode()
    {
        byte[] block = ReadInode(InodeOf(0x400));
        var inode = new InodeBlock(block);
        Assert.True(inode.Meta.HasDirectData);
        Assert.Equal(
            (ObjectType.RegularFile, 0x1A4u, 16UL), (inode.Meta.Type, inode.Meta.Mode, inode.Meta.Size));
        Assert.Equal(
            (1UL, "0x0000000000000400"), (inode.Meta.ParentInum, Encoding.ASCII.GetString(inode.Name)));
        Assert.Equal("Hello, HAMMER2!\n", Encoding.ASCII.GetString(inode.EmbeddedData[..16]));
    }

    [Fact]
    public void The_longer_file_is_stored_in_an_lz4_block()
    {
        var directory = new InodeBlock(ReadInode(InodeOf(0x401)));
        AssertEntry(directory.Blockset[0], "text.txt", 0x402, ObjectType.RegularFile);

        var inode = new InodeBlock(ReadInode(InodeOf(0x402)));
        Assert.Equal(
            (0x898UL, 0x401UL, false), (inode.Meta.Size, inode.Meta.ParentInum, inode.Meta.HasDirectData));
        Blockref data = inode.Blockset[0];
        Assert.Equal(
            (0UL, (byte)16, CompressionMethod.Lz4), (data.Key, data.KeyBits, data.Methods.Compression));

        byte[] stored = _image.Read(data);
        Assert.True(CheckCode.Verify(data, stored));
        Assert.Equal(0x78A39E51u, IscsiCrc32.Compute(stored));
        var code = new byte[Sha192.SizeBytes];
        Sha192.Hash(stored, code);
        Assert.Equal("04df9cd4906bd5d3b235a80158a89a66c5b6b8bbe3877b2c", Convert.ToHexStringLower(code));

        var output = new byte[65536];
        Assert.Equal(
            Hammer2Error.None, BlockCodec.Decode(CompressionMethod.Lz4, stored, output, out int decoded));
        Assert.Equal(4096, decoded);
        Assert.Equal(-1, output.AsSpan(0x898).IndexOfAnyExcept((byte)0));
        Assert.Equal(
            "e676cd68745e280bcdbafc93586957a93b2aaafa37b5999fcd4cf49662bdf969",
            Convert.ToHexStringLower(SHA256.HashData(output.AsSpan(0, 0x898))));
    }

    [Fact]
    public void The_freemap_marks_what_is_used()
    {
        Blockref reference = new VolumeHeaderView(_image.Read(0, 65536)).FreemapBlockset[0];
        Assert.Equal(
            (BlockrefType.FreemapLeaf, (byte)30, 0UL), (reference.Type, reference.KeyBits, reference.Key));
        Assert.Equal((uint.MaxValue, 0x37800000UL), (reference.FreemapBigMask, reference.FreemapAvailable));
        Assert.Null(MediaValidator.Reference(reference, BlockrefType.FreemapRoot));
        Assert.Equal(FreemapGeometry.OffsetOf(0, 1, 0), reference.Data.Bytes);

        byte[] block = _image.Read(reference);
        Assert.True(CheckCode.Verify(reference, block));
        Assert.Null(MediaValidator.Freemap(reference, block));
        ReadOnlySpan<FreemapEntry> entries = MemoryMarshal.Cast<byte, FreemapEntry>(block);
        for (int index = 0; index < entries.Length; index++)
        {
            int allocated = entries[index].Count(GranuleState.Allocated);
            Assert.Equal(index < 34 ? 256 : index < 37 ? 1 : 0, allocated);
            Assert.Equal(
                16384u * (uint)entries[index].Count(GranuleState.Free), entries[index].AvailableBytes);
            bool isAllocatable = FreemapGeometry.IsAllocatable((ulong)index << 22, 0x8400C00, 0x80000000);
            Assert.Equal(index >= 34, isAllocatable);
        }

        Assert.Equal(
            (0x1800, (ushort)0x0110, 0x3FC000u),
            (entries[34].LinearOffset, entries[34].Class, entries[34].AvailableBytes));
        Assert.Equal((0x400, (ushort)0x0310), (entries[35].LinearOffset, entries[35].Class));
        Assert.Equal((0x1000, (ushort)0x0210), (entries[36].LinearOffset, entries[36].Class));
        Assert.Equal(FreemapEntry.LinearOffsetNone, entries[0].LinearOffset);
    }

    private static void AssertEntry(in Blockref entry, string name, ulong inum, ObjectType type)
    {
        Assert.Equal(BlockrefType.Dirent, entry.Type);
        Assert.Equal(DirectoryHash.Compute(Encoding.ASCII.GetBytes(name)) + 1, entry.Key);
        Assert.Equal(
            (inum, type, (ushort)name.Length),
            (entry.Dirent.Inum, entry.Dirent.Type, entry.Dirent.NameBytes));
        Assert.Equal(name, Encoding.ASCII.GetString(entry.CheckRead[..name.Length]));
        Assert.Null(MediaValidator.DirentName(entry, []));
    }

    private Blockref SuperRoot()
    {
        Blockref reference = new VolumeHeaderView(_image.Read(0, 65536)).SuperRootBlockset[0];
        Assert.Null(MediaValidator.Reference(reference, BlockrefType.VolumeRoot));
        return reference;
    }

    private Blockref PfsRoot() => new InodeBlock(ReadInode(SuperRoot())).Blockset[0];

    private Blockref InodeOf(ulong inum)
    {
        Blockref reference = new InodeBlock(ReadInode(PfsRoot())).Blockset[1];
        Blockref[] slots = _image.ReadTable(reference);
        Assert.True(CheckCode.Verify(reference, _image.Read(reference)));
        Assert.Null(MediaValidator.Table(slots, BlockrefType.Indirect));
        int found = new BlockTable(slots).FindFirst(inum);
        Assert.Equal(inum, slots[found].Key);
        return slots[found];
    }

    private byte[] ReadInode(in Blockref reference)
    {
        byte[] block = _image.Read(reference);
        Assert.True(CheckCode.Verify(reference, block));
        Assert.Null(MediaValidator.Inode(reference, block));
        return block;
    }
}
