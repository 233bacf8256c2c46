// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Fuse.Protocol;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Fuse.Trees;
using Hammer2.Testing;
using Hammer2.Tests.Fuse.Administration;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>
/// Goal: after a rollback of a mounted PFS, no request about an object of the tree before is taken for one about an
/// object of the other, the kernel is told what to forget, and files open for writing prevent it.
/// Method: requests as calls, notifications recorded.
/// </summary>
public sealed class MountedTreeTests : IDisposable
{
    private const uint OpenForWriting = 1;
    private const ulong Root = VnodeOps.RootInum;

    private readonly AdministeredVolume _volume = new();
    private readonly RecordingChannel _kernel = new();
    private readonly MountedTree _tree;
    private readonly LiveRollback _rollback;

    public MountedTreeTests()
    {
        _tree = new MountedTree(number => new Hammer2FileSystem(
            _volume.Vnodes, new MountOptions(), NullLogger<Hammer2FileSystem>.Instance)
        {
            NodeOf = inum => TreeNodes.Of(number, inum),
        })
        {
            Notifier = new FuseNotifier(_kernel),
        };
        _rollback = new LiveRollback(
            _volume.Mount.Pfs, _volume.Vnodes, _tree, static () => null, NullLogger.Instance);
    }

    public void Dispose()
    {
        _tree.Dispose();
        _volume.Dispose();
    }

    [Fact]
    public void Nodes_of_the_tree_before_are_stale_and_equal_numbers_are_other_nodes()
    {
        ulong file = Make("file", "before"), directory = MakeDirectory("directory");
        Snapshot("s");
        Write(file, "after!");
        ulong late = Make("late", "late");
        Assert.Equal(Hammer2Error.None, RollBack("s").Error);
        foreach (ulong stale in (ulong[])[file, directory, late])
            Assert.Equal((FuseErrno.ESTALE, FuseErrno.ESTALE), (GetAttr(stale, out _), Read(stale, out _)));
        Assert.Equal(FuseErrno.ESTALE, Lookup(directory, "x", out _));
        Assert.Equal(0UL, LookupNode("late"));
        ulong again = LookupNode("file");
        Assert.NotEqual(file, again);
        Assert.Equal(FuseErrno.None, GetAttr(again, out FuseAttr attributes));
        Assert.Equal(file, attributes.Inode);
        Assert.Equal(FuseErrno.None, Read(again, out string content));
        Assert.Equal("before", content);
        Assert.Equal(FuseErrno.None, GetAttr(Root, out _));
    }

    [Fact]
    public void The_kernel_is_told_of_every_name_of_both_root_directories_and_of_each_object_that_it_knows()
    {
        ulong removed = Make("removed", "x");
        Snapshot("s");
        Assert.Equal(FuseErrno.None, _tree.Unlink(Context(Root), "removed"u8));
        ulong added = Make("added", "y");
        _kernel.Entries.Clear();
        _kernel.Nodes.Clear();
        Assert.Equal(Hammer2Error.None, RollBack("s").Error);
        Assert.Contains("removed", _kernel.Entries);
        Assert.Contains("added", _kernel.Entries);
        Assert.Contains(removed, _kernel.Nodes);
        Assert.Contains(added, _kernel.Nodes);
        Assert.Equal(Root, _kernel.Nodes[^1]);
        // It forgets them afterwards, which says nothing of objects of the new tree that have their numbers.
        _tree.Forget(removed, 1);
        _tree.Forget(added, 1);
        Assert.NotEqual(0UL, LookupNode("removed"));
    }

    [Fact]
    public void A_mount_that_has_ended_is_not_rolled_back()
    {
        ulong file = Make("file", "before");
        Snapshot("s");
        Write(file, "after!");
        _tree.End();
        LiveRollbackOutcome refused = RollBack("s");
        Assert.Equal(Hammer2Error.Busy, refused.Error);
        Assert.Contains("is being closed", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(FuseErrno.None, Read(file, out string content));
        Assert.Equal("after!", content);
    }

    [Fact]
    public void Files_open_for_writing_prevent_it_unless_it_is_forced()
    {
        ulong file = Make("file", "before");
        Snapshot("s");
        ulong[] handles = [Open(file, OpenForWriting), Open(file, OpenForWriting), Open(file, 0)];
        LiveRollbackOutcome refused = RollBack("s");
        Assert.Equal(Hammer2Error.Busy, refused.Error);
        Assert.Contains("2 files on it are open for writing", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(FuseErrno.None, GetAttr(file, out _));
        Release(file, handles[0]);
        Assert.Contains("1 file on it is", RollBack("s").Reason, StringComparison.Ordinal);
        Assert.Equal(Hammer2Error.None, RollBack("s", isForced: true).Error);
        Assert.Equal(FuseErrno.ESTALE, Write(file, "late"));
        Assert.Equal(FuseErrno.ESTALE, _tree.Flush(Context(file), new FuseFlushIn { Handle = handles[1] }));
        Release(file, handles[1]);
        // What was open in the tree before does not count any more.
        Assert.Equal(Hammer2Error.None, RollBack("s").Error);
    }

    [Fact]
    public void A_file_that_is_created_is_open_for_writing_until_it_is_released()
    {
        Snapshot("s");
        FuseEntryOut entry = default;
        FuseOpenOut opened = default;
        var request = new FuseCreateIn { Mode = UnixMode.O644, Flags = 0x41 };
        Assert.Equal(FuseErrno.None, _tree.Create(Context(Root), in request, "new"u8, ref entry, ref opened));
        Assert.Equal(Hammer2Error.Busy, RollBack("s").Error);
        Release(entry.NodeId, opened.Handle);
        Assert.Equal(Hammer2Error.None, RollBack("s").Error);
    }

    [Fact]
    public void An_orphan_of_the_tree_before_is_in_the_state_that_is_kept_and_not_in_the_new_tree()
    {
        ulong file = Make("file", "linked");
        Snapshot("s");
        Assert.Equal(FuseErrno.None, _tree.Unlink(Context(Root), "file"u8));
        Assert.Equal(Hammer2Error.None, RollBack("s").Error);
        // The kernel forgets the node that lost its last link: the file of the snapshot keeps its own.
        _tree.Forget(file, 1);
        Assert.Equal(Errno.None, _volume.Vnodes.Sync());
        Assert.Equal(FuseErrno.None, Read(LookupNode("file"), out string content));
        Assert.Equal("linked", content);
    }

    [Fact]
    public void A_rollback_that_is_refused_leaves_the_nodes_as_they_are()
    {
        ulong file = Make("file", "x");
        Assert.Equal(Hammer2Error.NoEntry, RollBack("none").Error);
        Assert.Equal(FuseErrno.None, GetAttr(file, out _));
        Assert.Equal(file, LookupNode("file"));
        Assert.Empty(_kernel.Entries);
    }

    [Fact]
    public void Listings_with_attributes_give_nodes_of_the_tree_that_is_shown()
    {
        ulong before = MakeDirectory("directory");
        Snapshot("s");
        Assert.Equal(Hammer2Error.None, RollBack("s").Error);
        var packer = new FuseDirectoryPacker(new byte[4096], wantsAttributes: true);
        Assert.Equal(FuseErrno.None, _tree.ReadDir(Context(Root), default, ref packer));
        var nodes = new List<(ulong Node, ulong Inode)>();
        for (int offset = 0; offset < packer.UsedBytes;)
        {
            ref FuseEntryOut entry = ref packer.EntryAt(ref offset);
            if (entry.NodeId != 0) nodes.Add((entry.NodeId, entry.Attr.Inode));
        }
        (ulong Node, ulong Inode) found = Assert.Single(nodes);
        Assert.Equal((LookupNode("directory"), before), found);
    }

    [Theory]
    [InlineData(0, 1UL, 1UL)]
    [InlineData(0, ulong.MaxValue >> 1, ulong.MaxValue >> 1)]
    [InlineData(3, 1UL, 1UL)]
    [InlineData(3, 0UL, 0UL)]
    [InlineData(3, 5UL, (3UL << 48) | 5)]
    [InlineData(3, 1UL << 48, 0UL)]
    public void Node_ids_have_the_number_of_the_tree_above_the_inode_number(int tree, ulong inum, ulong node)
    {
        Assert.Equal(node, TreeNodes.Of(tree, inum));
        if (node == 0) return;
        Assert.True(TreeNodes.IsOf(tree, node));
        Assert.Equal(inum, TreeNodes.InumOf(tree, node));
        Assert.Equal(node == 1, TreeNodes.IsOf(tree + 1, node));
    }

    [Theory]
    [InlineData("/mnt/a", 2)]
    [InlineData("/mnt/a/b", 0)]
    [InlineData("/mnt/a b", 1)]
    [InlineData("/mnt/c", 0)]
    public void Mounts_below_a_mount_are_counted(string target, int total)
    {
        const string Table = """
            29 1 0:30 / /mnt/a rw - fuse.hammer2 x rw
            30 29 0:31 / /mnt/a/b rw - tmpfs x rw
            31 29 0:32 / /mnt/a/d\040e rw - tmpfs x rw
            32 1 0:33 / /mnt/ab rw - tmpfs x rw
            33 1 0:33 / /mnt/a\040b/x rw - tmpfs x rw

            """;
        Assert.Equal(total, FuseMount.CountBelow(Encoding.ASCII.GetBytes(Table), target));
    }

    private static FuseContext Context(ulong node) => new(in Header(node));

    private static ref readonly FuseInHeader Header(ulong node)
    {
        FuseInHeader[] storage = [new FuseInHeader { NodeId = node, Uid = AdministeredVolume.OwnerId, ProcessId = 1 }];
        return ref storage[0];
    }

    private LiveRollbackOutcome RollBack(string snapshot, bool isForced = false) => _rollback.Run(
        isForced, () => PfsRollback.Run(_volume.Mount.Pfs, Encoding.ASCII.GetBytes(snapshot), TimeProvider.System,
            new SeededRandom(3).NextUInt64, out _));

    private void Snapshot(string label) => Assert.Equal(
        Errno.None, _volume.Run("snapshot", Hammer2.Fuse.Administration.RequestArguments.Of(("label", label))).Error);

    private ulong Make(string name, string content)
    {
        FuseEntryOut entry = default;
        Assert.Equal(FuseErrno.None, _tree.MkNod(Context(Root), new FuseMkNodIn { Mode = 0x8000 | UnixMode.O644 },
            Encoding.ASCII.GetBytes(name), ref entry));
        Assert.Equal(FuseErrno.None, Write(entry.NodeId, content));
        return entry.NodeId;
    }

    private ulong MakeDirectory(string name)
    {
        FuseEntryOut entry = default;
        Assert.Equal(FuseErrno.None, _tree.MkDir(
            Context(Root), new FuseMkDirIn { Mode = UnixMode.O755 }, Encoding.ASCII.GetBytes(name), ref entry));
        return entry.NodeId;
    }

    private int Write(ulong node, string content) =>
        _tree.Write(Context(node), default, Encoding.ASCII.GetBytes(content), out _);

    private ulong Open(ulong node, uint flags)
    {
        FuseOpenOut opened = default;
        Assert.Equal(FuseErrno.None, _tree.Open(Context(node), new FuseOpenIn { Flags = flags }, ref opened));
        return opened.Handle;
    }

    private void Release(ulong node, ulong handle) =>
        Assert.Equal(FuseErrno.None, _tree.Release(Context(node), new FuseReleaseIn { Handle = handle }));

    private int Lookup(ulong directory, string name, out ulong node)
    {
        FuseEntryOut entry = default;
        int error = _tree.Lookup(Context(directory), Encoding.ASCII.GetBytes(name), ref entry);
        node = entry.NodeId;
        return error;
    }

    private ulong LookupNode(string name)
    {
        Assert.Equal(FuseErrno.None, Lookup(Root, name, out ulong node));
        return node;
    }

    private int GetAttr(ulong node, out FuseAttr attributes)
    {
        FuseAttrOut answer = default;
        int error = _tree.GetAttr(Context(node), default, ref answer);
        attributes = answer.Attr;
        return error;
    }

    private int Read(ulong node, out string content)
    {
        byte[] data = new byte[64];
        int error = _tree.Read(Context(node), default, data, out int bytes);
        content = Encoding.ASCII.GetString(data, 0, bytes);
        return error;
    }

    /// <summary>What the kernel is told.</summary>
    private sealed class RecordingChannel : IFuseChannel
    {
        public List<string> Entries { get; } = [];

        public List<ulong> Nodes { get; } = [];

        public int TryReceive(Span<byte> request) => -FuseErrno.EAGAIN;

        public int WaitForRequest() => FuseErrno.EINTR;

        public void Interrupt()
        {
        }

        public void Dispose()
        {
        }

        public int Send(in FuseOutHeader header, ReadOnlySpan<byte> payload)
        {
            if (header.Error == (int)FuseNotifyCode.InvalidateInode)
                Nodes.Add(MemoryMarshal.Read<FuseNotifyInvalidateInodeOut>(payload).NodeId);
            else
            {
                var entry = MemoryMarshal.Read<FuseNotifyInvalidateEntryOut>(payload);
                Assert.Equal(Root, entry.Directory);
                Entries.Add(Encoding.ASCII.GetString(payload[^((int)entry.NameBytes + 1)..^1]));
            }
            return FuseErrno.None;
        }
    }
}
