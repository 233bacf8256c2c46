// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tests.Images;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>Crafted media that demand unbounded memory or time, or have names that lead out of their
/// directory.</summary>
public sealed class HostileBoundTests
{
    private const ulong LabelKey = 0xC000_0000_0000_8000;

    [Fact]
    public void The_list_of_PFSs_is_bounded()
    {
        // One root inode under 70000 keys: 9 MiB of media that would take ten times that in memory.
        const int pfsTotal = 70000, slots = 512;
        var media = new SyntheticMedia();
        Blockref root = media.WriteInode(LabelKey, Media.PfsRootInum, []);
        var blocks = new List<(int, Blockref)>();
        for (int block = 0; block * slots < pfsTotal; block++)
        {
            ulong first = LabelKey + ((ulong)block << 20);
            (int, Blockref)[] used =
                [.. Enumerable.Range(0, slots).Select(
                    slot => (slot, root with { Key = first + (ulong)slot }))];
            Blockref below = media.WriteIndirect(first & ~0xFFFFFUL, 20, slots, CheckMethod.XxHash64, used);
            blocks.Add((block, below));
        }

        Blockref top = media.WriteIndirect(1UL << 63, 63, slots, CheckMethod.XxHash64, blocks);
        using MediaDevice device = media.Open(media.WriteInode(0, 0, [top]));
        var entries = new List<PfsEntry>();
        Assert.Equal(Hammer2Error.TooLarge, PfsEntry.List(device, entries));
        Assert.InRange(entries.Count, 1, pfsTotal - 1);
    }

    [Fact]
    public void Labels_from_media_reach_messages_without_control_characters()
    {
        var media = new SyntheticMedia();
        var pfs = new Blockref[4];
        for (int index = 0; index < pfs.Length; index++)
        {
            byte[] block = Directory(Media.PfsRootInum, Encoding.UTF8.GetBytes($"\u001b[2J\r\n{index}"), []);
            pfs[index] = media.WriteBlock(
                BlockrefType.Inode, LabelKey + (ulong)index, 0, CheckMethod.XxHash64, block);
        }

        media.Open(media.WriteInode(0, 0, pfs)).Dispose();
        PfsException refusal =
            Assert.Throws<PfsException>(() => TestMount.OpenDevice(media.Device, "DATA").Dispose());
        Assert.DoesNotContain(refusal.Message, char.IsControl);
        Assert.Contains(@"\x1b[2J\x0d\x0a3", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("")]
    public void An_entry_name_that_leads_out_of_its_directory_is_rejected(string name)
    {
        var media = new SyntheticMedia();
        ulong key = DirectoryHash.Compute(Encoding.ASCII.GetBytes(name));
        byte[] below = Directory(0x500, Encoding.ASCII.GetBytes(name), []);
        Blockref entry = media.WriteBlock(BlockrefType.Inode, key, 0, CheckMethod.XxHash64, below);
        byte[] block = Directory(Media.PfsRootInum, "DATA"u8, [entry]);
        Blockref root = media.WriteBlock(BlockrefType.Inode, LabelKey, 0, CheckMethod.XxHash64, block);
        media.Open(media.WriteInode(0, 0, [root])).Dispose();
        using TestMount mount = TestMount.OpenDevice(media.Device, "DATA");

        var sink = new DirectorySink(10);
        Assert.Equal(Errno.None, mount.Ops.ReadDirectory(VnodeOps.RootInum, 0, ref sink));
        Assert.Equal([".", ".."], sink.Entries.Select(item => item.Name));
        sink = new DirectorySink(10);
        Assert.Equal(Errno.EIO, mount.Ops.ReadDirectory(VnodeOps.RootInum, 2, ref sink));
    }

    [Fact]
    public void An_entry_without_inode_is_reported_once()
    {
        var media = new SyntheticMedia();
        var entry = new Blockref
        {
            Type = BlockrefType.Dirent,
            Key = DirectoryHash.Compute("gone"u8) + 1,
            Dirent = new DirentHead { Inum = 0x777, NameBytes = 4, Type = ObjectType.RegularFile },
        };
        "gone"u8.CopyTo(entry.Check);
        byte[] block = Directory(Media.PfsRootInum, "DATA"u8, [entry]);
        Blockref root = media.WriteBlock(BlockrefType.Inode, LabelKey, 0, CheckMethod.XxHash64, block);
        media.Open(media.WriteInode(0, 0, [root])).Dispose();
        using TestMount mount = TestMount.OpenDevice(media.Device, "DATA");
        for (int round = 0; round < 3; round++)
            Assert.Equal(Errno.EIO, mount.Ops.Lookup(VnodeOps.RootInum, "gone"u8, out _));
        Assert.Single(
            mount.Log.Lines(LogLevel.Error), line => line.Contains("0x777", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1UL << 40)]
    [InlineData(ulong.MaxValue)]
    public void An_allocator_that_begins_past_the_end_has_no_space(ulong begin)
    {
        FreemapAllocator allocator = AllocatorOver(begin, out VolumeSet volumes);
        using (volumes)
        {
            Assert.Equal(Hammer2Error.NoSpace, allocator.Allocate(BlockrefType.Data, 16, out _));
        }
    }

    [Fact]
    public void Reserved_space_marked_free_is_not_allocated()
    {
        FreemapAllocator allocator = AllocatorOver(0, out VolumeSet volumes);
        using (volumes)
        {
            Assert.Equal(Hammer2Error.None, allocator.Allocate(BlockrefType.Data, 16, out DataOffset place));
            Assert.False(FreemapGeometry.IsReserved(place.Bytes));
        }
    }

    /// <summary>An allocator for a volume whose only freemap leaf marks everything as free.</summary>
    private static FreemapAllocator AllocatorOver(ulong begin, out VolumeSet volumes)
    {
        var media = new SyntheticMedia();
        byte[] block = new byte[FreemapGeometry.BlockBytes];
        foreach (ref FreemapEntry entry in MemoryMarshal.Cast<byte, FreemapEntry>(block.AsSpan()))
            entry.AvailableBytes = Media.SegmentBytes;
        var leaf = new Blockref
        {
            Type = BlockrefType.FreemapLeaf,
            Methods = new BlockMethods(CheckMethod.Freemap, CompressionMethod.None),
            KeyBits = 30,
            Data = new DataOffset(FreemapGeometry.OffsetOf(0, 1, 0), FreemapGeometry.BlockRadix),
        };
        CheckCode.Store(ref leaf, block);
        Assert.Equal(Hammer2Error.None, media.Device.Write((long)leaf.Data.Bytes, block));
        media.Open(media.WriteInode(0, 0, [])).Dispose();

        byte[] bytes = VolumeHeaderCopies.Read(media.Device).Newest.ToArray();
        var header = new VolumeHeaderView(bytes);
        header.Fields.AllocatorBegin = begin;
        header.FreemapBlockset[0] = leaf;
        VolumeHeaderCandidate.StoreCrcs(header);
        Assert.Equal(Hammer2Error.None, media.Device.Write(0, bytes));
        volumes = VolumeSet.Open([media.Device]);
        var allocator = new FreemapAllocator(
            volumes, new MediaFaultLog(volumes, NullLogger.Instance), new DeviceFence());
        Assert.Equal(Hammer2Error.None, allocator.Load());
        return allocator;
    }

    private static byte[] Directory(ulong inum, ReadOnlySpan<byte> name, ReadOnlySpan<Blockref> blockset)
    {
        byte[] block = new byte[Media.InodeBytes];
        var inode = new InodeBlock(block);
        inode.Meta.Version = InodeMeta.CurrentVersion;
        inode.Meta.Type = ObjectType.Directory;
        inode.Meta.Inum = inum;
        inode.Meta.PfsRole = (byte)PfsType.Master;
        inode.Meta.NameBytes = (ushort)name.Length;
        name.CopyTo(inode.NameArea);
        blockset.CopyTo(inode.Blockset);
        return block;
    }
}
