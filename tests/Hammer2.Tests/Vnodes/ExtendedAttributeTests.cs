// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Vnodes;

/// <summary>Extended attributes of a volume in memory, kept over mounts and judged by fsck.</summary>
public sealed class ExtendedAttributeTests : AttributeVolume
{
    [Theory]
    [InlineData(10)]
    [InlineData(AttributeRecord.ListBytesMax - 6)]
    [InlineData(AttributeRecord.ListBytesMax - 5)]
    [InlineData(4000)]
    [InlineData(65536)]
    public void A_value_is_read_back_after_a_mount(int bytes)
    {
        byte[] value = new byte[bytes];
        new SeededRandom((ulong)bytes).Fill(value);
        ulong inum = 0;
        Write(ops =>
        {
            inum = Make(ops, "f");
            Assert.Equal(Errno.None, Set(ops, inum, "user.k", value));
            Assert.Equal(value, Get(ops, inum, "user.k"));
        });
        Read(ops => Assert.Equal(value, Get(ops, inum, "user.k")));
        Assert.Equal(bytes > AttributeRecord.ListBytesMax - 6, HasFile(inum));
        Write(ops => Assert.Equal(Errno.None, ops.RemoveExtendedAttribute(inum, "user.k"u8)));
        Read(ops => Assert.Empty(TreeListing.AttributesOf(ops, inum, "/f")));
        Assert.False(HasFile(inum));
    }

    [Fact]
    public void A_list_moves_to_a_file_and_back()
    {
        Write(ops =>
        {
            ulong inum = Make(ops, "f");
            Assert.Equal(Errno.None, Set(ops, inum, "user.small", new byte[20]));
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(Errno.None, Set(ops, inum, "user.large", new byte[1000]));
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(["user.large", "user.small"], TreeListing.AttributesOf(ops, inum, "/f").Keys);
            Assert.Equal(Errno.None, ops.RemoveExtendedAttribute(inum, "user.large"u8));
            Assert.Equal(new byte[20], Get(ops, inum, "user.small"));
        });
        Assert.Empty(Files());
    }

    [Fact]
    public void The_first_list_in_a_file_leaves_the_times_of_the_root_directory()
    {
        ulong inum = 0;
        VnodeAttributes before = default, after = default;
        Write(ops => inum = Make(ops, "f"));
        Write(ops =>
        {
            Assert.Equal(Errno.None, ops.GetAttributes(VnodeOps.RootInum, out before));
            Assert.Equal(Errno.None, Set(ops, inum, "user.k", new byte[2000]));
            Assert.Equal(Errno.None, ops.GetAttributes(VnodeOps.RootInum, out after));
        });
        Assert.True(HasFile(inum));
        Assert.Equal((before.ModifyTime, before.ChangeTime), (after.ModifyTime, after.ChangeTime));
    }

    [Fact]
    public void Files_go_with_their_objects()
    {
        Write(ops =>
        {
            ulong inum = Make(ops, "f");
            Assert.Equal(Errno.None, Set(ops, inum, "user.k", new byte[2000]));
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "f"u8, out _));
            Assert.Equal(new byte[2000], Get(ops, inum, "user.k"));
            Assert.Equal(Errno.None, Set(ops, inum, "user.k", new byte[3000]));
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(Errno.None, ops.Forget(inum));
        });
        Assert.Empty(Files());
    }

    [Fact]
    public void An_orphan_that_a_crash_left_takes_its_file_along()
    {
        Write(ops =>
        {
            ulong inum = Make(ops, "f");
            Assert.Equal(Errno.None, Set(ops, inum, "user.k", new byte[2000]));
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "f"u8, out _));
        });
        Assert.Single(Files());
        Write(_ => { });
        Assert.Empty(Files());
    }

    [Fact]
    public void Flags_of_setxattr_are_obeyed() => Write(ops =>
    {
        ulong inum = Make(ops, "f");
        Assert.Equal(Errno.ENODATA, ops.SetExtendedAttribute(inum, "user.k"u8, "v"u8, AttributeSetting.Replace));
        Assert.Equal(Errno.None, ops.SetExtendedAttribute(inum, "user.k"u8, "v"u8, AttributeSetting.Create));
        Assert.Equal(Errno.EEXIST, ops.SetExtendedAttribute(inum, "user.k"u8, "w"u8, AttributeSetting.Create));
        Assert.Equal(Errno.None, ops.SetExtendedAttribute(inum, "user.k"u8, "x"u8, AttributeSetting.Replace));
        Assert.Equal("x"u8.ToArray(), Get(ops, inum, "user.k"));
        Assert.Equal(Errno.ENODATA, ops.RemoveExtendedAttribute(inum, "user.other"u8));
        Assert.Equal(Errno.EOPNOTSUPP, Set(ops, inum, "other.k", []));
        Assert.Equal(Errno.EOPNOTSUPP, ops.GetExtendedAttribute(inum, "system.x"u8, [], out _));
        Assert.Equal(Errno.ESTALE, Set(ops, 0x9999, "user.k", []));
    });

    [Fact]
    public void An_object_has_no_more_than_fits()
    {
        Write(ops =>
        {
            ulong inum = Make(ops, "f");
            Assert.Equal(Errno.None, Set(ops, inum, "user.a", new byte[65536]));
            Assert.Equal(Errno.ENOSPC, Set(ops, inum, "user.b", new byte[65536]));
            Assert.Equal(Errno.ENOSPC, Set(ops, inum, "user.b", new byte[65537]));
            Assert.Equal(Errno.None, Set(ops, inum, "user.b", new byte[60000]));
        });
        Assert.Single(Files());
    }

    [Fact]
    public void Names_that_listxattr_could_not_answer_are_refused() => Write(ops =>
    {
        ulong inum = Make(ops, "f");
        int count = 0;
        Errno error;
        do error = Set(ops, inum, $"user.{count++:d4}" + new string('n', 246), []);
        while (error == Errno.None);
        Assert.Equal((Errno.ENOSPC, 257), (error, count));
    });

    [Fact]
    public void Trusted_ones_are_listed_for_root() => Write(ops =>
    {
        ulong inum = Make(ops, "f");
        Assert.Equal(Errno.None, Set(ops, inum, "trusted.t", []));
        Assert.Equal(Errno.None, Set(ops, inum, "user.u", []));
        byte[] names = new byte[100];
        Assert.Equal(Errno.None, ops.ListExtendedAttributes(inum, showsTrusted: false, names, out int bytes));
        Assert.Equal("user.u\0", Encoding.ASCII.GetString(names, 0, bytes));
        Assert.Equal(Errno.None, ops.ListExtendedAttributes(inum, showsTrusted: true, [], out bytes));
        Assert.Equal(17, bytes);
    });

    [Fact]
    public void The_root_directory_has_attributes_too()
    {
        Write(ops =>
        {
            Assert.Equal(Errno.ENODATA, ops.GetExtendedAttribute(VnodeOps.RootInum, "user.r"u8, [], out _));
            Assert.Equal(Errno.None, Set(ops, VnodeOps.RootInum, "user.r", "v"u8));
            Assert.Equal(Errno.None, Set(ops, VnodeOps.RootInum, "user.s", new byte[1000]));
            Assert.Equal(Errno.None, ops.RemoveExtendedAttribute(VnodeOps.RootInum, "user.s"u8));
        });
        Read(ops => Assert.Equal("v"u8.ToArray(), Get(ops, VnodeOps.RootInum, "user.r")));
        Write(ops => Assert.Equal(Errno.None, ops.RemoveExtendedAttribute(VnodeOps.RootInum, "user.r"u8)));
        Assert.Empty(Files());
    }

    [Fact]
    public void The_directory_of_files_is_hidden() => Write(ops =>
    {
        Assert.Equal(Errno.None, Set(ops, VnodeOps.RootInum, "user.r", "v"u8));
        Assert.Equal(Errno.ENOENT, ops.Lookup(VnodeOps.RootInum, AttributeFile.DirectoryName, out _));
        Assert.Equal(Errno.ENOENT, ops.RemoveDirectory(VnodeOps.RootInum, AttributeFile.DirectoryName, out _));
        Assert.Empty(TreeListing.EntriesOf(ops, VnodeOps.RootInum, "/"));
        var made = new NewObject(ObjectType.Directory, UnixMode.O755);
        Assert.Equal(Errno.EPERM, ops.Create(VnodeOps.RootInum, AttributeFile.DirectoryName, made, Caller, out _));
        ulong file = Make(ops, "f");
        Assert.Equal(Errno.EPERM, ops.Link(file, VnodeOps.RootInum, AttributeFile.DirectoryName, out _));
        Assert.Equal(Errno.EPERM, ops.Rename(
            VnodeOps.RootInum, "f"u8, VnodeOps.RootInum, AttributeFile.DirectoryName, RenameFlags.None, out _));
        // Below the root it is a name like others.
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "d"u8, made, Caller, out VnodeAttributes at));
        Assert.Equal(Errno.None, ops.Create(at.Inum, AttributeFile.DirectoryName, made, Caller, out _));
    });

    [Fact]
    public void Nothing_is_made_for_objects_without_attributes()
    {
        Write(ops =>
        {
            ulong inum = Make(ops, "f");
            Assert.Equal(Errno.None, Set(ops, inum, "user.k", "short"u8));
            Assert.Equal(Errno.ENODATA, ops.GetExtendedAttribute(VnodeOps.RootInum, "user.r"u8, [], out _));
        });
        using var mount = Open(isWritten: false);
        var root = mount.Pfs.GetInode(VnodeOps.RootInum, out Inode inode);
        Assert.Equal(Hammer2Error.None, root);
        Assert.Equal(Hammer2Error.NoEntry, NameOperations.FindEntry(
            inode, AttributeFile.DirectoryName, out _));
    }

    [Fact]
    public void Capabilities_do_not_survive_a_change_of_content_or_owner() => Write(ops =>
    {
        ulong inum = Make(ops, "f");
        foreach (bool isLong in (bool[])[false, true])
        {
            if (isLong) Assert.Equal(Errno.None, Set(ops, inum, "user.long", new byte[500]));
            foreach (AttributeChange change in (AttributeChange[])[
                new() { SizeBytes = 1 }, new() { UserId = 5 }, new() { GroupId = 5 }])
            {
                Assert.Equal(Errno.None, Set(ops, inum, "security.capability", new byte[20]));
                Assert.Equal(Errno.None, ops.SetAttributes(inum, change, out _));
                Assert.Equal(Errno.ENODATA, ops.GetExtendedAttribute(inum, "security.capability"u8, [], out _));
            }
            Assert.Equal(Errno.None, Set(ops, inum, "security.capability", new byte[20]));
            Assert.Equal(Errno.None, ops.SetAttributes(inum, new AttributeChange { Mode = UnixMode.O600 }, out _));
            Assert.Equal(Errno.None, ops.Write(inum, 0, "x"u8, dropsPrivileges: false, isWriteback: true));
            Assert.Equal(new byte[20], Get(ops, inum, "security.capability"));
            Assert.Equal(Errno.None, ops.Write(inum, 0, "x"u8, dropsPrivileges: false));
            Assert.Equal(Errno.ENODATA, ops.GetExtendedAttribute(inum, "security.capability"u8, [], out _));
        }
    });

    [Fact]
    public void What_is_damaged_or_another_objects_is_ignored_and_reported()
    {
        ulong first = 0, second = 0;
        Write(ops =>
        {
            (first, second) = (Make(ops, "a"), Make(ops, "b"));
            Assert.Equal(Errno.None, Set(ops, first, "user.k", new byte[2000]));
            Assert.Equal(Errno.None, Set(ops, second, "user.k", "own"u8));
        });
        // Another program writes into the file.
        WriteUnsound(ops => Assert.Equal(Errno.None, ops.Write(FileOf(ops, first), 100, "damage"u8, false)));
        Read(ops =>
        {
            Assert.Empty(TreeListing.AttributesOf(ops, first, "/a"));
            Assert.Equal("own"u8.ToArray(), Get(ops, second, "user.k"));
        });
        Assert.True(Log.Contains(LogLevel.Error, "are ignored"));
        // It can be set anew.
        Write(ops => Assert.Equal(Errno.None, Set(ops, first, "user.k", new byte[3000])));
        Read(ops => Assert.Equal(new byte[3000], Get(ops, first, "user.k")));
        Assert.Single(Files());
    }

    [Fact]
    public void A_file_whose_list_is_damaged_can_be_written()
    {
        ulong inum = 0;
        Write(ops =>
        {
            inum = Make(ops, "a");
            Assert.Equal(Errno.None, Set(ops, inum, "user.k", new byte[2000]));
            Assert.Equal(Errno.None, Set(ops, inum, "security.capability", new byte[20]));
        });
        WriteUnsound(ops => Assert.Equal(Errno.None, ops.Write(FileOf(ops, inum), 100, "damage"u8, false)));
        WriteUnsound(ops =>
        {
            Assert.Equal(Errno.None, ops.Write(inum, 0, "content"u8, dropsPrivileges: false));
            Assert.Equal(Errno.None, ops.SetAttributes(inum, new AttributeChange { SizeBytes = 3 }, out _));
        });
    }

    [Fact]
    public void A_refused_write_leaves_capabilities() => Write(ops =>
    {
        ulong inum = Make(ops, "f");
        Assert.Equal(Errno.None, ops.Write(inum, 0, "content"u8, dropsPrivileges: false));
        Assert.Equal(Errno.None, Set(ops, inum, "security.capability", new byte[20]));
        Assert.Equal(Errno.None, ops.SetFlags(inum, LinuxFileFlags.Append));
        Assert.Equal(Errno.EPERM, ops.Write(inum, 0, "x"u8, dropsPrivileges: false));
        Assert.Equal(new byte[20], Get(ops, inum, "security.capability"));
        Assert.Equal(Errno.None, ops.Write(inum, 7, "x"u8, dropsPrivileges: false));
        Assert.Equal(Errno.ENODATA, ops.GetExtendedAttribute(inum, "security.capability"u8, [], out _));
    });

    [Fact]
    public void Files_whose_object_another_driver_deleted_are_removed_on_request()
    {
        ulong kept = 0;
        Write(ops =>
        {
            ulong inum = Make(ops, "a");
            kept = Make(ops, "b");
            Assert.Equal(Errno.None, Set(ops, inum, "user.k", new byte[2000]));
            Assert.Equal(Errno.None, Set(ops, kept, "user.k", new byte[2000]));
            Assert.Equal(Errno.None, Set(ops, VnodeOps.RootInum, "user.k", "root"u8));
            // As a driver that does not know of attributes: the inode alone.
            Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "a"u8, out _));
            Assert.Equal(Errno.None, DeleteAlone(ops, inum));
        });
        Assert.Equal(3, Files().Count);
        Write(ops =>
        {
            Assert.Equal(Errno.None, ops.RemoveStrayAttributes(out int removed));
            Assert.Equal(1, removed);
            Assert.Equal(Errno.None, ops.RemoveStrayAttributes(out removed));
            Assert.Equal(0, removed);
            Assert.Equal(new byte[2000], Get(ops, kept, "user.k"));
            Assert.Equal("root"u8.ToArray(), Get(ops, VnodeOps.RootInum, "user.k"));
        });
        Assert.Equal(2, Files().Count);
    }
}
