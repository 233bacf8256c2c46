// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Vnodes;

/// <summary>ACLs of a volume in memory: inheritance, and how they and the mode follow each other.</summary>
public sealed class AclTests : AttributeVolume
{
    [Theory]
    [InlineData(2)]
    [InlineData(40)]
    public void New_objects_inherit_the_default_ACL(int users)
    {
        string[] named = [.. Enumerable.Range(0, users).Select(i => $"2:7:{1000 + i}")];
        byte[] inherited = PosixAclTests.Make(["1:7", .. named, "4:5", "16:7", "32:4"]);
        ulong file = 0, directory = 0, unnamed = 0;
        Write(ops =>
        {
            var made = new NewObject(ObjectType.Directory, UnixMode.O755);
            Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "d"u8, made, Caller, out VnodeAttributes at));
            ulong above = at.Inum;
            Assert.Equal(Errno.None, Set(ops, above, "system.posix_acl_default", inherited));
            made = new NewObject(ObjectType.RegularFile, 0x1B6, Umask: 0x1FF);       // 0666, umask 0777
            Assert.Equal(Errno.None, ops.Create(above, "f"u8, made, Caller, out at));
            Assert.Equal(Convert.ToUInt32("664", 8), at.Mode & UnixMode.PermissionBits);
            file = at.Inum;
            made = new NewObject(ObjectType.Directory, 0x1FF);
            Assert.Equal(Errno.None, ops.Create(above, "s"u8, made, Caller, out at));
            directory = at.Inum;
            Assert.Equal(Errno.None, ops.CreateTmpFile(above, 0x1B6, Caller, out at, umask: 0x1FF));
            unnamed = at.Inum;
            Assert.Equal(Errno.None, ops.Link(unnamed, above, "t"u8, out _));
        });
        byte[] own = PosixAclTests.Make(["1:6", .. named, "4:5", "16:6", "32:4"]);
        Read(ops =>
        {
            Assert.Equal(own, Get(ops, file, "system.posix_acl_access"));
            Assert.Equal(own, Get(ops, unnamed, "system.posix_acl_access"));
            Assert.Equal(inherited, Get(ops, directory, "system.posix_acl_default"));
            Assert.Equal(
                PosixAclTests.Make(["1:7", .. named, "4:5", "16:7", "32:4"]),
                Get(ops, directory, "system.posix_acl_access"));
        });
    }

    [Fact]
    public void Without_a_default_ACL_the_umask_counts() => Write(ops =>
    {
        var made = new NewObject(ObjectType.RegularFile, 0x1FF, Umask: 0x12);         // 0777, umask 022
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "f"u8, made, Caller, out VnodeAttributes at));
        Assert.Equal(Convert.ToUInt32("755", 8), at.Mode & UnixMode.PermissionBits);
    });

    [Fact]
    public void Mode_and_access_ACL_follow_each_other() => Write(ops =>
    {
        ulong inum = Make(ops, "f");
        byte[] acl = PosixAclTests.Make("1:7", "2:6:9", "4:5", "16:6", "32:4");
        Assert.Equal(Errno.None, Set(ops, inum, "system.posix_acl_access", acl));
        Assert.Equal(Convert.ToUInt32("764", 8), ModeOf(ops, inum));
        var change = new AttributeChange { Mode = Convert.ToUInt32("610", 8) };
        Assert.Equal(Errno.None, ops.SetAttributes(inum, change, out _));
        Assert.Equal(
            PosixAclTests.Make("1:6", "2:6:9", "4:5", "16:1", "32:0"), Get(ops, inum, "system.posix_acl_access"));
        // One that the mode says all of is not stored.
        Assert.Equal(Errno.None, Set(ops, inum, "system.posix_acl_access", PosixAclTests.Make("1:6", "4:4", "32:0")));
        Assert.Equal(Convert.ToUInt32("640", 8), ModeOf(ops, inum));
        Assert.Empty(TreeListing.AttributesOf(ops, inum, "/f"));
        Assert.Equal(Errno.EINVAL, Set(ops, inum, "system.posix_acl_access", new byte[12]));
        Assert.Equal(Errno.EACCES, Set(ops, inum, "system.posix_acl_default", acl));
    });

    [Fact]
    public void The_set_group_id_bit_goes_when_the_caller_is_not_of_the_group() => Write(ops =>
    {
        ulong inum = Make(ops, "f");
        var change = new AttributeChange { Mode = Convert.ToUInt32("2755", 8) };
        Assert.Equal(Errno.None, ops.SetAttributes(inum, change, out _));
        byte[] acl = PosixAclTests.Make("1:7", "2:6:9", "4:5", "16:6", "32:4");
        Assert.Equal(Errno.None, Set(ops, inum, "system.posix_acl_access", acl));
        Assert.Equal(Convert.ToUInt32("2764", 8), ModeOf(ops, inum));
        Assert.Equal(Errno.None, ops.SetExtendedAttribute(
            inum, "system.posix_acl_access"u8, acl, AttributeSetting.None, dropsSetGroupId: true));
        Assert.Equal(Convert.ToUInt32("764", 8), ModeOf(ops, inum));
    });
}
