// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>
/// One rejection per rule. Each case starts from a structure that passes, breaks a single field and
/// names the field the fault must name, so that no case passes for another rule's reason.
/// </summary>
public sealed class MediaValidatorTests
{
    private const BlockrefType InInode = BlockrefType.Inode;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(32));

    private delegate void Change(ref Blockref reference);

    [Fact]
    public void Valid_references_pass()
    {
        foreach (Blockref reference in Legal())
        {
            BlockrefType owner = reference.Type is BlockrefType.FreemapNode or BlockrefType.FreemapLeaf
                ? BlockrefType.FreemapRoot
                : InInode;
            Assert.Null(MediaValidator.Reference(reference, owner));
        }
    }

    [Fact]
    public void Each_owner_has_its_own_children()
    {
        var allowed = new Dictionary<BlockrefType, BlockrefType[]>
        {
            [BlockrefType.VolumeRoot] = [BlockrefType.Inode],
            [BlockrefType.FreemapRoot] = [BlockrefType.FreemapNode, BlockrefType.FreemapLeaf],
            [BlockrefType.FreemapNode] = [BlockrefType.FreemapNode, BlockrefType.FreemapLeaf],
            [BlockrefType.Inode] =
                [BlockrefType.Inode, BlockrefType.Indirect, BlockrefType.Data, BlockrefType.Dirent],
            [BlockrefType.Indirect] =
                [BlockrefType.Inode, BlockrefType.Indirect, BlockrefType.Data, BlockrefType.Dirent],
        };
        for (int owner = 0; owner < 256; owner++)
        {
            BlockrefType[] children = allowed.GetValueOrDefault((BlockrefType)owner, []);
            for (int child = 0; child < 256; child++)
            {
                Assert.Equal(
                    Array.IndexOf(children, (BlockrefType)child) >= 0,
                    MediaValidator.MayOwn((BlockrefType)owner, (BlockrefType)child));
            }
        }

        Rejects("type", Data(), (ref Blockref reference) => reference.Type = BlockrefType.Invalid);
        Rejects("type", Data(), (ref Blockref reference) => reference.Type = BlockrefType.Empty);
    }

    [Fact]
    public void Methods_out_of_range_are_rejected()
    {
        Rejects("check method", Inode(), (ref Blockref reference) =>
            reference.Methods = new BlockMethods(0x62));
        Rejects("check method", Data(), (ref Blockref reference) =>
            reference.Methods = new BlockMethods(0xF0));
        Rejects("compression method", Data(), (ref Blockref reference) =>
            reference.Methods = new BlockMethods(0x31));
        Rejects("compression method", Data(), (ref Blockref reference) =>
            reference.Methods = new BlockMethods(0x34));

        // The compression nibble is undefined for all types but data.
        Blockref noisy = Inode();
        noisy.Methods = new BlockMethods(0x3F);
        Assert.Null(MediaValidator.Reference(noisy, InInode));
    }

    [Fact]
    public void Invalid_offsets_and_sizes_are_rejected()
    {
        Rejects("data radix", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 9));
        Rejects("data radix", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 17));
        Rejects("data radix", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 63));
        Rejects("data offset", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100200, 10));
        Rejects("data offset", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x10F000, 13));
        Rejects("data offset", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x104000, 16));
        Rejects("data offset", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0xFC00, 10));
        Rejects("data offset", Data(), (ref Blockref reference) => reference.Data = new DataOffset(0, 16));
        Rejects("data offset", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 0));
        Rejects("data offset", Data(), (ref Blockref reference) =>
            reference.Data = new DataOffset(ulong.MaxValue << 6, 16));

        // Small blocks need not be aligned to their own size.
        Blockref odd = Indirect();
        odd.Data = new DataOffset(0x100400, 12);
        Assert.Null(MediaValidator.Reference(odd, InInode));
    }

    [Fact]
    public void Sizes_must_match_the_type()
    {
        Rejects("data radix", Inode(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 11));
        Rejects("data radix", Inode(), (ref Blockref reference) => reference.Data = default);
        Rejects("data radix", Indirect(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 11));
        Rejects("data radix", Indirect(), (ref Blockref reference) => reference.Data = default);
        Rejects("data radix", Data(), (ref Blockref reference) => reference.Data = default);
        Rejects("data radix", Leaf(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x10000, 14));
        Rejects("data radix", Leaf(), (ref Blockref reference) => reference.Data = default);
        Rejects("data radix", Entry(10), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 10));
        Rejects("data radix", Entry(64), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 10));
        Rejects("data radix", Entry(65), (ref Blockref reference) => reference.Data = default);
        Rejects("data radix", Entry(255), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x100000, 11));
    }

    [Fact]
    public void Keys_must_match_the_type()
    {
        Rejects("key bits", Inode(), (ref Blockref reference) => reference.KeyBits = 1);
        Rejects("key bits", Entry(5), (ref Blockref reference) => reference.KeyBits = 15);
        Rejects("key bits", Data(), (ref Blockref reference) => reference.KeyBits = 15);
        Rejects("key", Data(), (ref Blockref reference) => reference.Key = 0x8000);
        Rejects("key bits", Indirect(), (ref Blockref reference) => reference.KeyBits = 0);
        Rejects("key bits", Indirect(), (ref Blockref reference) => reference.KeyBits = 65);
        Rejects("key bits", Indirect(), (ref Blockref reference) => reference.KeyBits = 255);
        Rejects("key", Indirect(), (ref Blockref reference) => reference.Key = 1);
        Rejects("key", Indirect(), (ref Blockref reference) =>
            (reference.Key, reference.KeyBits) = (1UL << 63, 64));
        Rejects("key", Entry(5), (ref Blockref reference) => reference.Key = 77);
        Rejects("inode number", Entry(5), (ref Blockref reference) => reference.Dirent.Inum = 1UL << 63);
        Rejects("name length", Entry(5), (ref Blockref reference) => reference.Dirent.NameBytes = 0);
        Rejects("name length", Entry(5), (ref Blockref reference) => reference.Dirent.NameBytes = 256);
        Rejects("key bits", Leaf(), (ref Blockref reference) => reference.KeyBits = 31);
        Rejects("key bits", Leaf(), (ref Blockref reference) => reference.KeyBits = 38);
        Rejects("key", Leaf(), (ref Blockref reference) => reference.Key = 1 << 22);
        Rejects("data offset", Leaf(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x20000, 15));
        Rejects("data offset", Leaf(), (ref Blockref reference) =>
            reference.Data = new DataOffset(0x18000, 15));
    }

    [Fact]
    public void Tables_ascend_and_do_not_overlap()
    {
        Blockref low = Indirect();
        Blockref high = Indirect();
        (low.Key, low.KeyBits, high.Key, high.KeyBits) = (0, 20, 1 << 20, 20);
        Assert.Null(MediaValidator.Table([default, low, default, high, default], InInode));
        AssertFault(MediaKind.Table, "slot 1 key", MediaValidator.Table([high, low], InInode));
        AssertFault(MediaKind.Table, "slot 3 key",
            MediaValidator.Table([default, low, default, low], InInode));
        high.Key = 0;
        AssertFault(MediaKind.Table, "slot 1 key", MediaValidator.Table([low, high], InInode));

        // No key is above the last key of the key space.
        (high.Key, high.KeyBits) = (0, 64);
        Assert.Null(MediaValidator.Table([high], InInode));
        AssertFault(MediaKind.Table, "slot 1 key", MediaValidator.Table([high, low], InInode));
        Assert.Null(MediaValidator.Table(new Blockref[4], InInode));
    }

    [Fact]
    public void A_fault_names_the_slot()
    {
        Blockref bad = Inode();
        bad.KeyBits = 3;
        AssertFault(MediaKind.Reference, "slot 2 key bits",
            MediaValidator.Table([default, default, bad], InInode));
    }

    [Fact]
    public void Names_that_the_kernel_cannot_use_are_rejected()
    {
        foreach (string name in new[] { "a/b", "/", "a\0b", "\0", ".", ".." })
        {
            AssertFault(MediaKind.EntryName, "bytes", MediaValidator.DirentName(Named(name), []));
        }

        foreach (string name in new[] { "a", "...", ".a", "..a", "\\", new string('n', 64), "\u00ff" })
        {
            Assert.Null(MediaValidator.DirentName(Named(name), []));
        }

        Blockref entry = Entry(200);
        AssertFault(MediaKind.EntryName, "length", MediaValidator.DirentName(entry, new byte[100]));
        AssertFault(MediaKind.EntryName, "bytes", MediaValidator.DirentName(entry, new byte[1024]));
        var block = new byte[1024];
        block.AsSpan(0, 200).Fill((byte)'x');
        Assert.Null(MediaValidator.DirentName(entry, block));
        entry.Dirent.NameBytes = 300;
        AssertFault(MediaKind.EntryName, "length", MediaValidator.DirentName(entry, block));
        entry.Dirent.NameBytes = 0;
        AssertFault(MediaKind.EntryName, "length", MediaValidator.DirentName(entry, block));
    }

    [Fact]
    public void A_fault_prints_kind_field_reason_and_both_values()
    {
        Blockref reference = Inode();
        reference.Data = new DataOffset(0x100000, 11);
        MediaFault? fault = MediaValidator.Reference(reference, InInode);
        Assert.NotNull(fault);
        Assert.Equal(
            "corrupt reference: data radix, too large for the type, found 0xb expected 0xa",
            fault.ToString());
    }

    /// <summary>Goal: no bytes make the validator throw. Method: garbage, and single changed bytes.</summary>
    [Theory, MemberData(nameof(Seeds))]
    public void Garbage_is_judged_without_exception(ulong seed)
    {
        var random = new SeededRandom(seed);
        var block = new byte[32768];
        random.Fill(block);
        foreach (Blockref legal in Legal())
        {
            for (int round = 0; round < 40; round++)
            {
                Blockref changed = legal;
                Span<byte> bytes = MemoryMarshal.AsBytes(new Span<Blockref>(ref changed));
                bytes[random.Below(0x40)] = (byte)random.NextUInt64();
                foreach (int owner in new[] { 1, 2, 5, 254, 255 })
                {
                    if (MediaValidator.Reference(changed, (BlockrefType)owner) is not null) continue;
                    Assert.True(changed.KeyEnd >= changed.Key);
                    Assert.InRange(changed.Data.SizeBytes, 0, 65536);
                    _ = MediaValidator.Inode(changed, block.AsSpan(0, 1024));
                    _ = MediaValidator.Freemap(changed, block);
                    _ = MediaValidator.DirentName(changed, block);
                }
            }
        }

        Assert.NotNull(
            MediaValidator.Table(MemoryMarshal.Cast<byte, Blockref>(block), BlockrefType.Indirect));
    }

    internal static void AssertFault(MediaKind kind, string field, MediaFault? fault)
    {
        Assert.NotNull(fault);
        Assert.Equal((kind, field), (fault.Kind, fault.Field));
        Assert.NotEmpty(fault.Reason);
    }

    internal static Blockref Inode() => new()
    {
        Type = BlockrefType.Inode,
        Methods = new BlockMethods(0x32),
        Key = 0x400,
        Data = new DataOffset(0x8800400, 10),
    };

    internal static Blockref Leaf() => new()
    {
        Type = BlockrefType.FreemapLeaf,
        Methods = new BlockMethods(0x50),
        KeyBits = 30,
        Data = new DataOffset(0x10000, 15),
    };

    private static void Rejects(string field, Blockref legal, Change change)
    {
        BlockrefType owner = legal.Type == BlockrefType.FreemapLeaf ? BlockrefType.FreemapRoot : InInode;
        Assert.Null(MediaValidator.Reference(legal, owner));
        change(ref legal);
        AssertFault(MediaKind.Reference, field, MediaValidator.Reference(legal, owner));
    }

    private static IEnumerable<Blockref> Legal() =>
        [Inode(), Indirect(), Data(), Entry(1), Entry(64), Entry(65), Entry(255), Leaf(), Node()];

    private static Blockref Indirect() => new()
    {
        Type = BlockrefType.Indirect,
        Methods = new BlockMethods(0x30),
        KeyBits = 63,
        Data = new DataOffset(0x9000000, 14),
    };

    private static Blockref Data() => new()
    {
        Type = BlockrefType.Data,
        Methods = new BlockMethods(0x32),
        Key = 0x30000,
        KeyBits = 16,
        Data = new DataOffset(0x8C00000, 16),
    };

    private static Blockref Node() => new()
    {
        Type = BlockrefType.FreemapNode,
        Methods = new BlockMethods(0x50),
        KeyBits = 38,
        Data = new DataOffset(0x20000, 15),
    };

    private static Blockref Entry(int nameBytes) => new()
    {
        Type = BlockrefType.Dirent,
        Methods = new BlockMethods(0x32),
        Key = 0xC1D0433082E08001,
        Data = nameBytes > 64 ? new DataOffset(0x8C00000, 10) : default,
        Dirent = new DirentHead
        {
            Inum = 0x400,
            NameBytes = (ushort)nameBytes,
            Type = ObjectType.RegularFile,
        },
    };

    private static Blockref Named(string name)
    {
        Blockref entry = Entry(name.Length);
        for (int index = 0; index < name.Length; index++) entry.Check[index] = (byte)name[index];
        return entry;
    }
}
