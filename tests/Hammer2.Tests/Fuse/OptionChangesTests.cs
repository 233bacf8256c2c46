// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Goal: a remount changes ro, rw, commit= and flags of the kernel, accepts what stays as it is, and refuses
/// everything else by name. Method: lists as mount(8) makes them of fstab and the command line.</summary>
public sealed class OptionChangesTests
{
    private static readonly MountOptions Current =
        MountOptionParser.Parse(["rw,pfs=HOME,device=/dev/sdb:/dev/sdc,memory=64M,nodedup,commit=5"]);

    [Theory]
    [InlineData("remount,ro")]
    [InlineData("remount,resync-rate=1M,resync-snapshots=delete,noquorum=error")]
    [InlineData("remount,rw,commit=60,noexec,noatime,x-systemd.automount")]
    [InlineData("rw,pfs=HOME,device=/dev/sdb:/dev/sdc,memory=64M,nodedup,commit=5,remount")]
    public void These_are_changed_or_stay(string list) =>
        Assert.Empty(OptionChanges.Refused(Current, MountOptionParser.Change(Current, list)));

    [Theory]
    [InlineData("remount,dedup", "dedup")]
    [InlineData("remount,nowriteback,nodiscard", "writeback", "discard")]
    [InlineData("remount,uid=1,gid=2,umask=077", "uid", "gid", "umask")]
    [InlineData("remount,pfs=OTHER", "pfs")]
    [InlineData("remount,device=/dev/sdd", "device")]
    [InlineData("remount,memory=65M,max_threads=3", "memory", "max_threads")]
    [InlineData("remount,noio_uring", "io_uring")]
    [InlineData("remount,sync,dirsync", "sync", "dirsync")]
    public void These_are_refused_by_name(string list, params string[] names) =>
        Assert.Equal(names, OptionChanges.Refused(Current, MountOptionParser.Change(Current, list)));

    [Fact]
    public void The_result_has_what_was_given_and_keeps_the_rest()
    {
        MountOptions changed = MountOptionParser.Change(Current, "remount,ro,commit=60");
        Assert.True(changed.IsReadOnly);
        Assert.Equal(TimeSpan.FromSeconds(60), changed.CommitInterval);
        Assert.Equal("HOME", changed.Label);
        Assert.False(MountOptionParser.Change(changed, "remount,rw").IsReadOnly);
        Assert.Throws<MountOptionException>(() => MountOptionParser.Change(Current, "remount,nosuchoption"));
    }

    [Theory]
    [InlineData("rw,remount", true)]
    [InlineData("rw,fsname=remount", false)]
    public void Remount_is_one_word(string list, bool isRemount) =>
        Assert.Equal(isRemount, MountOptionParser.IsRemount([list]));
}
