// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Fuse;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Which options -o accepts, ignores and rejects, and the resulting arguments of mount(2).</summary>
public sealed class MountOptionParserTests
{
    [Fact]
    public void Every_option_of_ours_is_parsed()
    {
        MountOptions options = MountOptionParser.Parse(
        [
            "ro,uid=1000,gid=0,umask=027,allow_other,foreground,loglevel=info,memory=64M",
            "degraded,masters=3,offset=1G,partition=s1d,max_threads=3,readahead=512K,fsname=here",
            "commit=5,nowriteback",
            "pfs=OLD,label=HOME,device=/dev/b:/dev/c,device=/dev/d",
        ]);
        Assert.Equal("HOME", options.Label);
        Assert.Equal([["/dev/b", "/dev/c"], ["/dev/d"]], options.Devices);
        Assert.Equal((1000u, 0u), (options.UserId!.Value, options.GroupId!.Value));
        Assert.Equal(0x17u, options.Umask);
        Assert.True(options.AllowsOthers);
        Assert.True(options.IsForeground);
        Assert.True(options.IsDegraded);
        Assert.Equal(LogLevel.Information, options.LogLevel);
        Assert.Equal(64L << 20, options.MemoryBytes);
        Assert.Equal(1L << 30, options.Offset);
        Assert.Equal("s1d", options.Partition);
        Assert.Equal(3, options.ThreadsTotal);
        Assert.Equal(512 << 10, options.ReadAheadBytes);
        Assert.Equal("here", options.SourceName);
        Assert.Equal(TimeSpan.FromSeconds(5), options.CommitInterval);
        Assert.False(options.UsesWritebackCache);
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("io_uring", true)]
    [InlineData("io_uring,noio_uring", false)]
    public void The_transport_is_what_the_kernel_offers_unless_one_is_asked_for(string list, bool? expected) =>
        Assert.Equal(expected, MountOptionParser.Parse([list]).UsesIoUring);

    [Theory]
    [InlineData("", false)]
    [InlineData("resync-snapshots=delete", true)]
    [InlineData("resync-snapshots=keep", false)]
    [InlineData("resync-snapshots=delete,resync-snapshots=keep", false)]
    public void Snapshots_of_a_full_node_are_deleted_only_when_that_is_asked_for(string list, bool deletes) =>
        Assert.Equal(deletes, MountOptionParser.Parse([list]).ResyncDeletesSnapshots);

    [Fact]
    public void Options_for_other_readers_of_fstab_change_nothing()
    {
        string others = "defaults,auto,noauto,nofail,_netdev,async,x-systemd.automount,x-initrd.mount," +
            "X-mount.mkdir,comment=anything,silent,,default_permissions,nouser";
        Assert.Equal(MountOptionParser.Parse([""]), MountOptionParser.Parse([others]));
    }

    [Theory]
    [InlineData("suid,dev", FuseMountFlags.None)]
    [InlineData("", FuseMountFlags.None)]
    [InlineData("noexec", FuseMountFlags.NoExec)]
    [InlineData("noexec,nosuid,exec", FuseMountFlags.NoSuid)]
    [InlineData("sync,ro", FuseMountFlags.Synchronous | FuseMountFlags.ReadOnly)]
    [InlineData("user,exec", FuseMountFlags.NoSuid | FuseMountFlags.NoDevice)]
    [InlineData("noatime,nodiratime,dev,suid",
        FuseMountFlags.NoAccessTime | FuseMountFlags.NoDirectoryAccessTime)]
    public void Options_of_every_filesystem_become_flags_and_the_later_wins(string list, FuseMountFlags flags)
    {
        MountOptions options = MountOptionParser.Parse([list]);
        Assert.Equal(flags, options.Flags);
    }

    [Theory]
    [InlineData("", false, false)]
    [InlineData("rw", false, true)]
    [InlineData("ro", true, false)]
    [InlineData("rw,ro", true, false)]
    [InlineData("ro,rw", false, true)]
    public void The_last_of_ro_and_rw_counts_and_rw_asks_for_writing(
        string list, bool isReadOnly, bool asksForWriting)
    {
        MountOptions options = MountOptionParser.Parse([list]);
        Assert.Equal((isReadOnly, asksForWriting), (options.IsReadOnly, options.AsksForWriting));
    }

    [Theory]
    [InlineData("rw", "")]
    [InlineData("ro", "ro")]
    [InlineData("rw,noexec,uid=1", "noexec,uid=1")]
    [InlineData("ro,nodev,rw", "nodev")]
    [InlineData("rw,nodev,ro", "nodev;ro")]
    [InlineData(@"fsname=a\,rw\\,rw", @"fsname=a\,rw\\")]
    public void Ro_and_rw_from_mount_to_its_helpers_do_not_ask_for_writing(string list, string expected) =>
        Assert.Equal(expected, string.Join(';', MountOptionParser.WithoutWishToWrite([list])));

    [Theory]
    [InlineData("nosuchoption", "nosuchoption: no such")]
    [InlineData("noexec=1", "noexec: no such")]
    [InlineData("ro=1", "takes no value")]
    [InlineData("uid=root", "uid=root")]
    [InlineData("uid=4294967295", "uid=")]
    [InlineData("uid", "uid: a value is missing")]
    [InlineData("gid=-1", "gid=-1")]
    [InlineData("umask=8", "octal")]
    [InlineData("umask=1777", "octal")]
    [InlineData("memory=1K", "at least 1M")]
    [InlineData("memory=99999999999G", "memory=")]
    [InlineData("memory=M", "memory=M")]
    [InlineData("max_threads=0", "at least 1")]
    [InlineData("commit=0", "at least 1")]
    [InlineData("commit=86401", "up to 86400")]
    [InlineData("max_threads=257", "up to 256")]
    [InlineData("masters=9", "up to 8")]
    [InlineData("masters=0", "at least 1")]
    [InlineData("loglevel=loud", "must be one of")]
    [InlineData("resync-snapshots=drop", "keep, delete")]
    [InlineData("resync-snapshots", "keep, delete")]
    [InlineData("remount,ro", "mount.hammer2")]
    public void A_malformed_option_is_named_in_the_error(string list, string mentioned)
    {
        var failure = Assert.Throws<MountOptionException>(() => MountOptionParser.Parse([list]));
        Assert.Contains(mentioned, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sloppy_ignores_unknown_options_but_not_bad_values()
    {
        Assert.Equal(7u, MountOptionParser.Parse(["nosuchoption,uid=7"], isSloppy: true).UserId);
        Assert.Throws<MountOptionException>(() => MountOptionParser.Parse(["uid=x"], isSloppy: true));
    }

    [Fact]
    public void A_comma_in_a_value_is_escaped()
    {
        Assert.Equal("a,b\\", MountOptionParser.Parse([@"fsname=a\,b\\,ro"]).SourceName);
    }

    [Fact]
    public void The_kernel_and_fusermount_are_told_the_same()
    {
        var request = new MountRequest(
            [new MountSpec(["/a,b"], null)], "/a,b@X", "/mnt",
            MountOptionParser.Parse(["allow_other,noexec"]));
        FuseMountOptions options = request.ForKernel();
        Assert.Equal("fd=9,rootmode=40000,user_id=5,group_id=6,default_permissions,allow_other",
            FuseMount.Data(options, descriptor: 9, user: 5, group: 6));
        Assert.Equal(
            @"fsname=/a\,b@X,subtype=hammer2,rw,nosuid,nodev,noexec,default_permissions,allow_other",
            FuserMount.Words(options));
    }

    [Theory]
    [InlineData("/mnt", "0:7")]
    [InlineData("/a b", "0:8")]
    [InlineData("/none", null)]
    public void The_topmost_mount_at_a_path_is_found_in_the_table(string target, string? deviceNumber)
    {
        ReadOnlySpan<byte> table = """
            20 1 0:5 / / rw - ext4 /dev/a rw
            21 20 0:6 / /mnt rw - tmpfs none rw
            22 21 0:7 / /mnt ro,nosuid - fuse.hammer2 /x ro
            23 20 0:8 / /a\040b ro - fuse.hammer2 /x ro
            """u8;
        Assert.Equal(deviceNumber, FuseMount.DeviceNumberIn(table, target));
    }
}
