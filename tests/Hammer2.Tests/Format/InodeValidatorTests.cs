// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>One rejection per rule of inode and freemap blocks.</summary>
public sealed class InodeValidatorTests
{
    private delegate void ChangeInode(InodeBlock inode);

    private delegate void ChangeEntry(ref FreemapEntry entry);

    [Fact]
    public void A_valid_inode_passes_with_references_and_with_embedded_data()
    {
        Assert.Null(MediaValidator.Inode(MediaValidatorTests.Inode(), Block()));
        byte[] direct = Block();
        var inode = new InodeBlock(direct);
        inode.Meta.OperationFlags = OperationFlags.DirectData;
        inode.EmbeddedData.Fill(0xFF);   // would be four bad references
        Assert.Null(MediaValidator.Inode(MediaValidatorTests.Inode(), direct));
        inode.Meta.Type = ObjectType.SoftLink;
        Assert.Null(MediaValidator.Inode(MediaValidatorTests.Inode(), direct));
    }

    [Fact]
    public void Fields_out_of_range_are_rejected()
    {
        Rejects("version", inode => inode.Meta.Version = 0);
        Rejects("version", inode => inode.Meta.Version = 2);
        Rejects("inode number", inode => inode.Meta.Inum = 0x401);
        Rejects("inode number", inode => inode.Meta.Inum = 1UL << 63);
        Rejects("name length", inode => inode.Meta.NameBytes = 257);
        Rejects("size", inode => inode.Meta.Size = 1UL << 63);
        Rejects("operation flags", inode =>
            (inode.Meta.OperationFlags, inode.Meta.Type) = (OperationFlags.DirectData, ObjectType.Directory));
        Rejects("operation flags", inode =>
            (inode.Meta.OperationFlags, inode.Meta.Type) = (OperationFlags.DirectData, ObjectType.Fifo));
    }

    [Fact]
    public void A_bad_reference_in_the_inode_is_rejected() =>
        MediaValidatorTests.AssertFault(MediaKind.Reference, "slot 3 type", Judge(inode =>
            inode.Blockset[3].Type = BlockrefType.FreemapLeaf));

    [Fact]
    public void A_block_of_the_wrong_size_is_rejected()
    {
        MediaValidatorTests.AssertFault(
            MediaKind.Inode, "size", MediaValidator.Inode(MediaValidatorTests.Inode(), new byte[1023]));
        MediaValidatorTests.AssertFault(
            MediaKind.Freemap, "size", MediaValidator.Freemap(MediaValidatorTests.Leaf(), new byte[32767]));
    }

    [Fact]
    public void The_inode_number_of_a_pfs_root_differs_from_its_key()
    {
        Blockref label = MediaValidatorTests.Inode();
        label.Key = DirectoryHash.Compute("DATA"u8);
        byte[] block = Block();
        new InodeBlock(block).Meta.Inum = 1;
        Assert.Null(MediaValidator.Inode(label, block));
        new InodeBlock(block).Meta.Inum = label.Key;
        MediaValidatorTests.AssertFault(MediaKind.Inode, "inode number", MediaValidator.Inode(label, block));
    }

    [Fact]
    public void Fields_that_upstream_does_not_maintain_are_accepted()
    {
        Assert.Null(Judge(inode => inode.Meta.LinkCount = 0));
        Assert.Null(Judge(inode => inode.Meta.Type = (ObjectType)99));
        Assert.Null(Judge(inode => inode.Meta.NameBytes = 256));
        Assert.Null(Judge(inode => inode.Meta.Size = long.MaxValue));
        Assert.Null(Judge(inode => inode.Meta.CompressionPolicy = 0xFF));
        Assert.Null(Judge(inode => inode.Meta.DecryptCheck = ulong.MaxValue));
    }

    [Fact]
    public void Entries_of_a_freemap_leaf_out_of_range_are_rejected()
    {
        var block = new byte[32768];
        Assert.Null(MediaValidator.Freemap(MediaValidatorTests.Leaf(), block));
        AssertEntry("entry 7 linear offset", (ref FreemapEntry entry) => entry.LinearOffset = -1);
        AssertEntry("entry 7 linear offset", (ref FreemapEntry entry) => entry.LinearOffset = 0x400001);
        AssertEntry("entry 7 available bytes", (ref FreemapEntry entry) => entry.AvailableBytes = 0x404000);
        AssertEntry("entry 7 available bytes", (ref FreemapEntry entry) => entry.AvailableBytes = 0x2000);
    }

    [Fact]
    public void Children_of_a_freemap_node_lie_inside_it()
    {
        var node = new Blockref
        {
            Type = BlockrefType.FreemapNode,
            KeyBits = 38,
            Data = new DataOffset(0x20000, 15),
            Methods = new BlockMethods(0x50),
        };
        var block = new byte[32768];
        Span<Blockref> slots = MemoryMarshal.Cast<byte, Blockref>(block.AsSpan());
        slots[4] = MediaValidatorTests.Leaf();
        slots[4].Key = 4UL << 30;
        slots[4].Data = new DataOffset((4UL << 30) + 0x10000, 15);
        Assert.Null(MediaValidator.Freemap(node, block));

        slots[5] = slots[4];
        slots[5].Key = 1UL << 38;
        slots[5].Data = new DataOffset((1UL << 38) + 0x10000, 15);
        MediaValidatorTests.AssertFault(MediaKind.Freemap, "slot 5 key", MediaValidator.Freemap(node, block));

        slots[5] = default;
        slots[4] = node;   // itself: a cycle
        MediaValidatorTests.AssertFault(MediaKind.Freemap, "slot 4 key", MediaValidator.Freemap(node, block));
        slots[4].Type = BlockrefType.Inode;
        MediaValidatorTests.AssertFault(
            MediaKind.Reference, "slot 4 type", MediaValidator.Freemap(node, block));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(37)]
    [InlineData(65)]    // more bits than a key has
    [InlineData(255)]
    public void A_freemap_node_of_no_level_is_rejected(byte keyBits)
    {
        var block = new byte[32768];
        MemoryMarshal.Cast<byte, Blockref>(block.AsSpan())[0] = MediaValidatorTests.Leaf();
        var node = new Blockref { Type = BlockrefType.FreemapNode, KeyBits = keyBits };
        MediaValidatorTests.AssertFault(MediaKind.Freemap, "key bits", MediaValidator.Freemap(node, block));
    }

    private static byte[] Block()
    {
        var block = new byte[1024];
        var inode = new InodeBlock(block);
        inode.Meta.Version = 1;
        inode.Meta.Inum = 0x400;
        inode.Meta.Type = ObjectType.RegularFile;
        inode.Meta.Size = 5000;
        inode.Blockset[1] = new Blockref
        {
            Type = BlockrefType.Data,
            KeyBits = 16,
            Data = new DataOffset(0x8C00000, 16),
            Methods = new BlockMethods(0x30),
        };
        return block;
    }

    private static MediaFault? Judge(ChangeInode change)
    {
        byte[] block = Block();
        change(new InodeBlock(block));
        return MediaValidator.Inode(MediaValidatorTests.Inode(), block);
    }

    private static void Rejects(string field, ChangeInode change) =>
        MediaValidatorTests.AssertFault(MediaKind.Inode, field, Judge(change));

    private static void AssertEntry(string field, ChangeEntry change)
    {
        var block = new byte[32768];
        change(ref MemoryMarshal.Cast<byte, FreemapEntry>(block.AsSpan())[7]);
        MediaValidatorTests.AssertFault(
            MediaKind.Freemap, field, MediaValidator.Freemap(MediaValidatorTests.Leaf(), block));
    }
}
