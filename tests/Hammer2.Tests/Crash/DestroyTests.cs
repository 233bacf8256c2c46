// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>Goal: what is damaged can be removed, the filesystem is sound afterwards, and nothing else is touched.
/// Method: inodes whose blocks are spoiled on media, on one node and on all three, are destroyed by name and by number,
/// and the media judged without the driver.</summary>
public sealed class DestroyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_entry_is_removed_with_its_unreadable_inode(int nodes)
    {
        using var volume = new DamagedVolume(nodes);
        for (int node = 0; node < nodes; node++) volume.Spoil(volume.InodeOf(volume.File, node), node);
        Assert.Equal(Errno.EIO, volume.Ops.Unlink(volume.Good, "file"u8, out _));
        Assert.Equal(Errno.EEXIST, volume.Ops.DestroyInode(volume.Linked));
        Assert.Equal(Errno.None, volume.Ops.DestroyEntry(volume.Good, "file"u8, out ulong inum, out bool isUnreadable));
        Assert.Equal((volume.File, true), (inum, isUnreadable));
        Assert.False(volume.Exists(volume.Good, "file"));
        Assert.Equal(Errno.None, volume.Ops.Sync());
        Assert.Equal(Errno.ENOENT, volume.Ops.DestroyInode(volume.File));
        volume.AssertOnMedia("destroyed", ops =>
        {
            Assert.False(DamagedVolume.Exists(ops, volume.Good, "file"));
            Assert.True(DamagedVolume.Exists(ops, volume.Good, "linked"));
        });
    }

    [Fact]
    public void An_inode_is_deleted_by_number_and_its_entry_removed_after_that()
    {
        using var volume = new DamagedVolume();
        volume.Spoil(volume.InodeOf(volume.File), 0);
        Assert.Equal(Errno.None, volume.Ops.DestroyInode(volume.File));
        Assert.Equal(Errno.None, volume.Ops.Sync());
        Assert.Equal(Errno.None, volume.Ops.DestroyEntry(volume.Good, "file"u8, out _, out bool isUnreadable));
        Assert.False(isUnreadable);
        Assert.Equal(Errno.None, volume.Ops.Sync());
        volume.AssertOnMedia("destroyed", ops => Assert.False(DamagedVolume.Exists(ops, volume.Good, "file")));
    }

    [Fact]
    public void What_one_node_can_read_is_not_damaged()
    {
        using var volume = new DamagedVolume(3);
        volume.Spoil(volume.InodeOf(volume.File, 1), 1);
        Assert.Equal(Errno.EEXIST, volume.Ops.DestroyInode(volume.File));
        Assert.Equal(Errno.None, volume.Ops.DestroyEntry(volume.Good, "file"u8, out ulong inum, out bool isUnreadable));
        Assert.False(isUnreadable);
        Assert.Equal(volume.File, inum);
    }

    [Fact]
    public void What_must_stay_is_refused()
    {
        using var volume = new DamagedVolume();
        VnodeOps ops = volume.Ops;
        Assert.Equal(Errno.ENOTEMPTY, ops.DestroyEntry(VnodeOps.RootInum, "good"u8, out _, out _));
        Assert.Equal(Errno.ENOENT, ops.DestroyEntry(VnodeOps.RootInum, "none"u8, out _, out _));
        Assert.Equal(Errno.EINVAL, ops.DestroyEntry(volume.Good, "."u8, out _, out _));
        Assert.Equal(Errno.EINVAL, ops.DestroyEntry(volume.Good, ".."u8, out _, out _));
        Assert.Equal(Errno.EINVAL, ops.DestroyInode(VnodeOps.RootInum));
        Assert.Equal(Errno.EINVAL, ops.DestroyInode(Media.EntryKeyBit | 7));
        Assert.Equal(Errno.ENOENT, ops.DestroyInode(0x7777777));
    }

    [Fact]
    public void In_emergency_mode_only_removing_is_accepted()
    {
        using var volume = new DamagedVolume();
        volume.Pfs.Writer!.IsEmergency = true;
        Assert.Equal(Errno.EROFS, volume.Ops.Create(volume.Good, "new"u8, new NewObject(ObjectType.RegularFile, 0),
            new Credentials(0, 0), out _));
        Assert.Equal(Errno.EROFS, volume.Ops.Write(volume.Big, 0, new byte[70000], dropsPrivileges: false));
        Assert.Equal(Errno.None, volume.Ops.Unlink(volume.Good, "file"u8, out _));
        volume.Pfs.Writer.IsEmergency = false;
        Assert.Equal(Errno.None, volume.Ops.Write(volume.Big, 0, new byte[70000], dropsPrivileges: false));
        Assert.Equal(Errno.None, volume.Ops.Sync());
    }
}
