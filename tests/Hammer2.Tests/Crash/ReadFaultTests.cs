// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: a block that cannot be read when a commit needs it for copy-on-write takes nothing with it but the operations
/// that touched its object, each of them as a whole; with siblings it takes nothing at all, and the node stays.
/// Method: objects are changed; then blocks become unreadable, the driver's cache forgets them, and the group is
/// committed. Judged by the driver, by a new mount and by the checkers.
/// </summary>
public sealed class ReadFaultTests
{
    [Fact]
    public void Writes_to_a_damaged_file_leave_and_all_other_files_are_committed()
    {
        using var volume = new DamagedVolume();
        VnodeOps ops = volume.Ops;
        Assert.Equal(Errno.None, ops.Write(volume.Big, DamagedVolume.BigBytes, new byte[100_000], false));
        ulong made = volume.Make(volume.Other, "made", ObjectType.RegularFile);
        Assert.Equal(Errno.None, ops.Write(made, 0, "a document"u8, false));
        volume.FailReads(volume.TreeOf(volume.Big));

        Assert.Equal(Errno.None, ops.Commit());
        Assert.Equal([volume.Big], volume.LeftOut.Select(left => left.Inum));
        Assert.Equal(Errno.EIO, ops.Sync());                    // once
        Assert.Equal(Errno.None, ops.Sync());
        Assert.False(volume.Pfs.Writer!.IsStopped);
        Assert.Equal(0, volume.Pfs.Writer.UnwrittenBytes);
        Assert.Equal((ulong)DamagedVolume.BigBytes, volume.At(volume.Big).SizeBytes);
        Assert.True(volume.Exists(volume.Other, "made"));
        volume.AssertOnMedia("a damaged file", later =>
        {
            byte[] found = new byte[DamagedVolume.BigBytes + 1];
            Assert.Equal(Errno.None, later.Read(volume.Big, 0, found, out int length));
            Assert.Equal(volume.Content, found[..length]);
            Assert.Equal(Errno.None, later.Read(made, 0, found, out length));
            Assert.Equal("a document"u8, found.AsSpan(0, length));
        });
    }

    [Fact]
    public void A_write_to_a_part_that_cannot_be_read_is_refused_at_once()
    {
        using var volume = new DamagedVolume();
        volume.FailReads(volume.TreeOf(volume.Big));
        Assert.Equal(Errno.EIO, volume.Ops.Write(volume.Big, DamagedVolume.BigBytes, "more"u8, false));
        Assert.Equal(Errno.EIO, volume.Ops.Write(volume.Big, 0, new byte[65536], false));
        Assert.Equal(Errno.None, volume.Ops.Sync());
        Assert.Empty(volume.LeftOut);
        // What is wholly cut off need not be read.
        var empty = new AttributeChange { SizeBytes = 0 };
        Assert.Equal(Errno.None, volume.Ops.SetAttributes(volume.Big, empty, out _));
        Assert.Equal(Errno.None, volume.Ops.Write(volume.Big, 0, "new"u8, false));
        Assert.Equal(Errno.None, volume.Ops.Sync());
        volume.AssertOnMedia("refused", later =>
        {
            Assert.Equal(Errno.None, later.GetAttributes(volume.Big, out VnodeAttributes at));
            Assert.Equal(3UL, at.SizeBytes);
        });
    }

    [Fact]
    public void A_cut_in_the_midst_of_a_damaged_block_leaves_as_a_whole()
    {
        using var volume = new DamagedVolume();
        List<MapBlock> tree = volume.TreeOf(volume.Big);
        var half = new AttributeChange { SizeBytes = DamagedVolume.BigBytes / 2 };
        Assert.Equal(Errno.None, volume.Ops.SetAttributes(volume.Big, half, out _));
        volume.FailReads(tree);
        Assert.Equal(Errno.None, volume.Ops.Commit());
        Assert.Equal([volume.Big], volume.LeftOut.Select(left => left.Inum));
        volume.AssertOnMedia("a cut", later =>
        {
            Assert.Equal(Errno.None, later.GetAttributes(volume.Big, out VnodeAttributes at));
            Assert.Equal((ulong)DamagedVolume.BigBytes, at.SizeBytes);
        });
    }

    [Fact]
    public void Names_moved_linked_and_made_in_a_damaged_directory_are_where_they_were()
    {
        using var volume = new DamagedVolume();
        VnodeOps ops = volume.Ops;
        Assert.Equal(Errno.None, ops.Rename(volume.Good, "file"u8, volume.Bad, "moved"u8, RenameFlags.None, out _));
        Assert.Equal(Errno.None, ops.Link(volume.Linked, volume.Bad, "second"u8, out _));
        ulong made = volume.Make(volume.Bad, "made", ObjectType.Directory);
        ulong below = volume.Make(made, "below", ObjectType.RegularFile);
        Assert.Equal(Errno.None, ops.Unlink(volume.Bad, "filler 7"u8, out ulong removed));
        _ = volume.Make(volume.Other, "other", ObjectType.RegularFile);
        volume.FailReads(volume.TreeOf(volume.Bad));

        Assert.Equal(Errno.None, ops.Commit());
        Assert.Equal(
            new[] { volume.Good, volume.Bad, volume.File, volume.Linked, made, below, removed }.Order(),
            volume.LeftOut.Select(left => left.Inum).Order());
        Assert.False(volume.Pfs.Writer!.IsStopped);
        Assert.True(volume.Exists(volume.Good, "file"));
        Assert.Equal(1UL, volume.At(volume.Linked).LinkCount);
        Assert.Equal(1UL, volume.At(removed).LinkCount);
        Assert.Equal(Errno.ESTALE, ops.GetAttributes(made, out _));
        Assert.Equal(Errno.ESTALE, ops.Write(below, 0, "x"u8, false));
        Assert.True(volume.Exists(volume.Other, "other"));
        volume.AssertOnMedia("a damaged directory", later =>
        {
            Assert.True(DamagedVolume.Exists(later, volume.Good, "file"));
            Assert.True(DamagedVolume.Exists(later, volume.Bad, "filler 7"));
            Assert.False(DamagedVolume.Exists(later, volume.Bad, "moved"));
            Assert.False(DamagedVolume.Exists(later, volume.Bad, "second"));
            Assert.False(DamagedVolume.Exists(later, volume.Bad, "made"));
            Assert.True(DamagedVolume.Exists(later, volume.Other, "other"));
        });
    }

    [Fact]
    public void Inodes_below_a_damaged_block_of_the_index_leave_and_others_are_committed()
    {
        using var volume = new DamagedVolume();
        var mode = new AttributeChange { Mode = UnixMode.O700 };
        Assert.Equal(Errno.None, volume.Ops.SetAttributes(volume.Early, mode, out _));
        Assert.Equal(Errno.None, volume.Ops.SetAttributes(volume.Linked, mode, out _));
        _ = volume.Make(volume.Other, "other", ObjectType.RegularFile);
        List<MapBlock> index = volume.IndexOf(volume.Early);
        Assert.DoesNotContain(volume.IndexOf(volume.Linked)[0], index);
        volume.FailReads(index[..1]);
        Assert.Equal(Errno.None, volume.Ops.Commit());
        Assert.Contains(volume.Early, volume.LeftOut.Select(left => left.Inum));
        Assert.DoesNotContain(volume.Linked, volume.LeftOut.Select(left => left.Inum));
        volume.AssertOnMedia("a damaged index", later =>
        {
            Assert.Equal(Errno.None, later.GetAttributes(volume.Early, out VnodeAttributes at));
            Assert.Equal((uint)UnixMode.O755, at.Mode & UnixMode.PermissionBits);
            Assert.Equal(Errno.None, later.GetAttributes(volume.Linked, out at));
            Assert.Equal((uint)UnixMode.O700, at.Mode & UnixMode.PermissionBits);
        });
    }

    [Fact]
    public void Operations_of_the_next_group_on_what_left_leave_as_well()
    {
        var runner = new HookedRunner();
        using var volume = new DamagedVolume(1, runner);
        VnodeOps ops = volume.Ops;
        Assert.Equal(Errno.None, ops.Write(volume.Big, DamagedVolume.BigBytes, "first"u8, false));
        Assert.Equal(Errno.None, ops.Write(volume.File, 0, "first"u8, false));
        volume.FailReads(volume.TreeOf(volume.Big));
        ulong later = 0;
        runner.Before = () =>
        {
            Assert.Equal(Errno.None,
                ops.Rename(VnodeOps.RootInum, "big"u8, volume.Good, "moved"u8, RenameFlags.None, out _));
            later = volume.Make(volume.Good, "later", ObjectType.RegularFile);
            Assert.Equal(Errno.None, ops.Write(volume.File, 5, " second"u8, false));
        };
        Assert.Equal(Errno.None, ops.Commit());
        Assert.Equal(new[] { volume.Big, volume.Good, VnodeOps.RootInum, later }.Order(),
            volume.LeftOut.Select(left => left.Inum).Order());
        Assert.True(volume.Exists(VnodeOps.RootInum, "big"));
        Assert.False(volume.Exists(volume.Good, "moved"));
        Assert.Equal(12UL, volume.At(volume.File).SizeBytes);
        Assert.Equal(Errno.None, ops.Commit());
        volume.AssertOnMedia("the next group", media =>
        {
            Assert.True(DamagedVolume.Exists(media, VnodeOps.RootInum, "big"));
            Assert.False(DamagedVolume.Exists(media, volume.Good, "later"));
            Assert.Equal(Errno.None, media.GetAttributes(volume.File, out VnodeAttributes at));
            Assert.Equal(12UL, at.SizeBytes);
        });
    }

    [Fact]
    public void A_commit_that_is_tried_again_takes_a_new_number()
    {
        using var sound = new DamagedVolume();
        using var damaged = new DamagedVolume();
        foreach (DamagedVolume volume in new[] { sound, damaged })
        {
            Assert.Equal(Errno.None, volume.Ops.Write(volume.Big, DamagedVolume.BigBytes, "more"u8, false));
            Assert.Equal(Errno.None, volume.Ops.Write(volume.File, 0, "x"u8, false));
            if (volume == damaged) volume.FailReads(volume.TreeOf(volume.Big));
            Assert.Equal(Errno.None, volume.Ops.Commit());
        }
        Assert.Single(damaged.LeftOut);
        Assert.Equal(NumberOf(sound) + 1, NumberOf(damaged));
        // And operations of the next group are above it.
        Assert.Equal(Errno.None, damaged.Ops.Write(damaged.File, 0, "y"u8, false));
        Assert.Equal(Errno.None, damaged.Ops.Commit());
        Assert.True(NumberOf(damaged) > NumberOf(sound) + 1);
    }

    [Theory, InlineData("file"), InlineData("directory"), InlineData("index"), InlineData("inode")]
    public void What_one_node_cannot_read_is_restored_from_another_in_the_same_commit(string what)
    {
        using var volume = new DamagedVolume(nodes: 3);
        VnodeOps ops = volume.Ops;
        List<MapBlock> blocks = what switch
        {
            "file" => volume.TreeOf(volume.Big, node: 1),
            "directory" => volume.TreeOf(volume.Bad, node: 1),
            "index" => volume.IndexOf(volume.Early, node: 1)[..1],
            _ => volume.InodeOf(volume.Big, node: 1),
        };
        volume.Spoil(blocks, node: 1);
        Assert.Equal(Errno.None, ops.Write(volume.Big, DamagedVolume.BigBytes, "more"u8, false));
        Assert.Equal(Errno.None, ops.Rename(volume.Good, "file"u8, volume.Bad, "moved"u8, RenameFlags.None, out _));
        Assert.Equal(Errno.None, ops.Unlink(volume.Bad, "filler 3"u8, out ulong removed));
        Assert.Equal(Errno.None, ops.Forget(removed));
        Assert.Equal(Errno.None, ops.SetAttributes(volume.Early, new AttributeChange { Mode = UnixMode.O700 }, out _));
        // All of a damaged directory is rewritten, since some block of it holds each name.
        for (int i = 100; what == "directory" && i < 600; i++)
        {
            byte[] name = System.Text.Encoding.ASCII.GetBytes($"filler {i}");
            Assert.Equal(Errno.None, ops.Rename(volume.Bad, name, volume.Good, name, RenameFlags.None, out _));
        }
        Assert.Equal(Errno.None, ops.Sync());
        Assert.Empty(volume.LeftOut);
        Assert.All(volume.Pfs.View.Members, node => Assert.Equal(NodeState.Synced, node.State));
        ulong[] restored = [volume.Big, volume.Early];
        IBlockDevice[] disks = volume.Disks;
        volume.AssertOnMedia($"restored {what}", later =>
        {
            foreach (ulong inum in restored) Assert.Equal(Errno.None, later.GetAttributes(inum, out _));
            Assert.True(DamagedVolume.Exists(later, volume.Bad, "moved"));
            byte[] found = new byte[DamagedVolume.BigBytes];
            Assert.Equal(Errno.None, later.Read(volume.Big, 0, found, out _));
            Assert.Equal(volume.Content, found);
        });
        ModelMount.Judge(disks, 1);
    }

    [Fact]
    public void What_no_node_can_read_leaves_on_all_and_no_node_is_fenced()
    {
        using var volume = new DamagedVolume(nodes: 3);
        Assert.Equal(Errno.None, volume.Ops.Write(volume.Big, DamagedVolume.BigBytes, "more"u8, false));
        _ = volume.Make(volume.Other, "made", ObjectType.RegularFile);
        for (int node = 0; node < 3; node++) volume.FailReads(volume.TreeOf(volume.Big, node), node);
        Assert.Equal(Errno.None, volume.Ops.Commit());
        Assert.Equal([volume.Big], volume.LeftOut.Select(left => left.Inum).Distinct());
        Assert.All(volume.Pfs.View.Members, node => Assert.Equal(NodeState.Synced, node.State));
        volume.AssertOnMedia("on all nodes", later => Assert.True(DamagedVolume.Exists(later, volume.Other, "made")));
        ModelMount.Judge(volume.Disks, 1);
    }

    [Fact]
    public void New_files_get_numbers_that_a_damaged_index_can_take()
    {
        using var volume = new DamagedVolume();
        ulong last = volume.Make(volume.Other, "last", ObjectType.RegularFile);
        Assert.Equal(Errno.None, volume.Ops.Sync());
        volume.FailReads(volume.IndexOf(last)[..1]);
        ulong next = volume.Make(volume.Other, "next", ObjectType.RegularFile);
        Assert.True(next > last + 1, $"{next} after {last}");
        Assert.Equal(Errno.None, volume.Ops.Sync());
        volume.AssertOnMedia("numbers", later => Assert.True(DamagedVolume.Exists(later, volume.Other, "next")));
    }

    [Fact]
    public void A_read_that_fails_once_in_a_commit_takes_nothing_out_of_it()
    {
        using var volume = new DamagedVolume();
        Assert.Equal(Errno.None, volume.Ops.Write(volume.Big, DamagedVolume.BigBytes, "more"u8, false));
        volume.Forget();
        FaultyBlockDevice device = volume.Devices[0];
        device.FailReadNumber(device.ReadCount + 1);
        Assert.Equal(Errno.None, volume.Ops.Sync());
        Assert.Empty(volume.LeftOut);
        volume.AssertOnMedia("once", later =>
        {
            Assert.Equal(Errno.None, later.GetAttributes(volume.Big, out VnodeAttributes at));
            Assert.Equal(DamagedVolume.BigBytes + 4UL, at.SizeBytes);
        });
    }

    [Fact]
    public void What_was_committed_and_cannot_be_read_back_is_shown_as_it_was_committed()
    {
        var runner = new HookedRunner();
        using var volume = new DamagedVolume(1, runner);
        VnodeOps ops = volume.Ops;
        // More than the cache keeps, so that not all of it can be shown without reading.
        foreach (ulong filler in volume.Fillers) SetMode(ops, filler, UnixMode.O700);
        FaultyBlockDevice device = volume.Devices[0];
        runner.After = () => device.FailReads(0, device.LengthBytes);
        runner.AfterRun = 3;                                        // the headers
        Assert.Equal(Errno.None, ops.Sync());
        foreach (ulong filler in volume.Fillers)
            Assert.Equal((uint)UnixMode.O700, volume.At(filler).Mode & UnixMode.PermissionBits);

        // Its next changes leave, as long as it cannot be read.
        foreach (ulong filler in volume.Fillers) SetMode(ops, filler, UnixMode.O600);
        Assert.Equal(Errno.EIO, ops.Sync());
        Assert.NotEmpty(volume.LeftOut);
        foreach (LeftOutInode left in volume.LeftOut)
            Assert.Equal((uint)UnixMode.O700, volume.At(left.Inum).Mode & UnixMode.PermissionBits);
        Assert.False(volume.Pfs.Writer!.IsStopped);

        device.Heal();
        foreach (ulong filler in volume.Fillers) SetMode(ops, filler, UnixMode.O500);
        Assert.Equal(Errno.None, ops.Sync());
        volume.AssertOnMedia("read back", later =>
        {
            foreach (ulong filler in volume.Fillers)
            {
                Assert.Equal(Errno.None, later.GetAttributes(filler, out VnodeAttributes at));
                Assert.Equal((uint)UnixMode.O500, at.Mode & UnixMode.PermissionBits);
            }
        });
    }

    private static void SetMode(VnodeOps ops, ulong inum, uint mode) =>
        Assert.Equal(Errno.None, ops.SetAttributes(inum, new AttributeChange { Mode = mode }, out _));

    private static ulong NumberOf(DamagedVolume volume) => volume.Pfs.Nodes[0].Root.Reference.ModifyTid;

    /// <summary>Does something before the nodes' first parts of a commit, or after some, once.</summary>
    private sealed class HookedRunner : INodeRunner
    {
        public Action? Before { get; set; }

        public Action? After { get; set; }

        /// <summary>After which of the next runs.</summary>
        public int AfterRun { get; set; }

        public void RunAll(IReadOnlyList<NodeStep> steps)
        {
            Action? before = Before;
            Before = null;
            before?.Invoke();
            foreach (NodeStep step in steps) step.Run();
            if (--AfterRun == 0) After?.Invoke();
        }
    }
}
