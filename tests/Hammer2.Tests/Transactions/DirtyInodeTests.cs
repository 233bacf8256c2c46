// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>Freezing an inode separates what a commit writes from later operations; reverting removes these.</summary>
public sealed class DirtyInodeTests
{
    [Fact]
    public void A_frozen_image_does_not_change_with_the_inode()
    {
        using var gate = new TransactionGate();
        DirtyInode inode = TestInodes.Make(1024, isEmbedded: true);
        Change(gate, inode, size: 10, content: 1, tid: 5);
        LeafDelta delta = inode.Changes;
        GroupMember member = inode.Member!;
        FrozenInode image = inode.Freeze();

        Assert.Same(image, inode.Frozen);
        Assert.Same(image, member.Image);
        Assert.Same(delta, image.Changes);
        Assert.Equal((false, null, null), (inode.IsDirty, inode.Open, image.Below));
        Change(gate, inode, size: 20, content: 2, tid: 6);
        inode.IsDeleted = true;
        Assert.NotSame(member, inode.Member);
        Assert.NotSame(delta, inode.Changes);
        AssertState(10, 1, 5, image.Meta.Size, image.Embedded!, image.ModifyTid);
        Assert.False(image.IsDeleted);
    }

    [Fact]
    public void An_image_keeps_the_one_below_that_could_not_be_read_back()
    {
        using var gate = new TransactionGate();
        DirtyInode inode = TestInodes.Make(1024);
        Assert.True(gate.TryAdd(inode));
        FrozenInode first = inode.Freeze();
        Assert.True(gate.TryAdd(inode));
        FrozenInode second = inode.Freeze();
        Assert.Same(first, second.Below);
        Assert.Same(second, inode.Frozen);
    }

    [Fact]
    public void Reverting_gives_what_the_syncing_group_has_as_often_as_it_is_done()
    {
        using var gate = new TransactionGate();
        DirtyInode inode = TestInodes.Make(1024, isEmbedded: true);
        Change(gate, inode, size: 10, content: 1, tid: 5);
        _ = inode.Freeze();
        for (byte round = 2; round < 5; round++)
        {
            Change(gate, inode, size: 20, content: round, tid: 6);
            inode.IsDeleted = true;
            _ = inode.Changes;
            Assert.True(inode.Revert());
            AssertState(10, 1, 5, inode.Meta.Size, inode.Embedded!, inode.ModifyTid);
            Assert.Equal((false, false, null), (inode.IsDirty, inode.IsDeleted, inode.Open));
        }
    }

    [Fact]
    public void Reverting_a_new_inode_deletes_it()
    {
        using var gate = new TransactionGate();
        DirtyInode inode = TestInodes.Make(1024);
        Assert.True(gate.TryAdd(inode));
        _ = inode.Changes;
        Assert.False(inode.Revert());
        Assert.Equal((true, false, null), (inode.IsDeleted, inode.IsDirty, inode.Open));
    }

    [Fact]
    public void Reverting_gives_what_the_last_commit_has()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using ClusterMount mount = ModelMount.Open([disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "file"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        Assert.Equal(Errno.None, ops.Write(made.Inum, 0, [7, 7, 7], dropsPrivileges: false));
        Assert.Equal(Errno.None, ops.Sync());
        PresentNode node = mount.Pfs.Nodes[0];
        Assert.Equal(Hammer2Error.None, node.LoadInode(made.Inum, out Chain? chain));
        DirtyInode inode = DirtyInode.FromChain(made.Inum, node, chain!);
        using var gate = new TransactionGate();
        Assert.True(gate.TryAdd(inode));
        inode.Meta.Size = 100;
        inode.Embedded![0] = 9;
        inode.ModifyTid = ulong.MaxValue;
        inode.IsDeleted = true;
        // Nothing is left to be written.
        Assert.False(inode.Revert());
        Assert.Equal((3UL, (byte)7), (inode.Meta.Size, inode.Embedded![0]));
        Assert.Equal(chain!.Reference.ModifyTid, inode.ModifyTid);
        Assert.Equal((false, false), (inode.IsDirty, inode.IsDeleted));
    }

    private static void Change(TransactionGate gate, DirtyInode inode, ulong size, byte content, ulong tid)
    {
        Assert.True(gate.TryAdd(inode));
        inode.Meta.Size = size;
        inode.Embedded!.AsSpan().Fill(content);
        inode.ModifyTid = tid;
    }

    private static void AssertState(
        ulong expectedSize, byte expectedContent, ulong expectedTid, ulong size, byte[] content, ulong tid)
    {
        Assert.Equal((expectedSize, expectedTid), (size, tid));
        Assert.Equal(Media.EmbeddedBytes, content.Length);
        Assert.All(content, value => Assert.Equal(expectedContent, value));
    }
}
