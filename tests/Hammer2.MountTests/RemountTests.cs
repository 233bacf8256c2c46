// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: mount.hammer2 -o remount makes a mount read-only with everything committed, and writable again; files open for
/// writing prevent it; options that cannot change are named. Method: the program, and a daemon that is killed.
/// </summary>
public sealed class RemountTests
{
    private const int ReadOnly = -30;

    [MountFact]
    public void A_mount_becomes_read_only_with_all_changes_committed_and_writable_again()
    {
        using var image = new PfsImage("256m", "A");
        using (MountFixture mount = MountFixture.MountForWriting(image.Path + "@A", "commit=3600"))
        {
            using (PosixFile writer = PosixTree.Open(
                mount.Root + "/f", PosixCalls.WriteOnly | PosixCalls.Create))
            {
                Assert.Equal(6, PosixCalls.Write(writer.Id, "before"u8));
                Refused("files in it are open for writing", mount.Root, "remount,ro");
            }
            Done(mount.Root, "remount,ro");
            Assert.StartsWith("ro", MountFixture.TableLine(mount.Root).Split(' ')[5], StringComparison.Ordinal);
            Assert.Equal(ReadOnly, PosixCalls.MakeDirectory(mount.Root + "/d"));
            Assert.Contains("\"isReadOnly\":true", File.ReadAllText(mount.Root + "/.hammer2/status"),
                StringComparison.Ordinal);
            Done(mount.Root, "remount,rw,commit=60");
            Assert.Equal(0, PosixCalls.MakeDirectory(mount.Root + "/d"));
            // What mount(8) reads in the table of mounts when fstab has no line.
            Done(mount.Root, "rw,relatime,user_id=0,group_id=0,default_permissions,allow_other,blksize=4096,remount");
            Done(mount.Root, "ro,remount");
            mount.Signal("KILL");
            _ = HammerProgram.RunAny("umount", mount.Root);
            mount.AssertGone();
        }
        using MountFixture again = MountFixture.Mount(image.Path + "@A");
        Assert.Equal("before", File.ReadAllText(again.Root + "/f"));
        Assert.True(Directory.Exists(again.Root + "/d"));
    }

    [MountFact]
    public void What_cannot_be_changed_is_refused_by_name()
    {
        using var image = new PfsImage("256m", "A");
        using (MountFixture mount = MountFixture.MountForWriting(image.Path + "@A"))
        {
            Refused("writeback, dedup: cannot be changed", mount.Root, "remount,nodedup,nowriteback");
            Refused("nosuchoption", mount.Root, "remount,nosuchoption");
            Assert.Equal(0, PosixCalls.MakeDirectory(mount.Root + "/d"));
        }
        using MountFixture readOnly = MountFixture.Mount(image.Path + "@A");
        Done(readOnly.Root, "remount,ro,noexec");
        Assert.Contains("noexec", MountFixture.TableLine(readOnly.Root).Split(' ')[5], StringComparison.Ordinal);
    }

    private static void Done(string target, string options)
    {
        ProgramResult result = HammerProgram.Run("mount.hammer2", "none", target, "-o", options);
        Assert.True(result.ExitCode == 0, result.Error);
    }

    private static void Refused(string reason, string target, string options)
    {
        ProgramResult result = HammerProgram.Run("mount.hammer2", "none", target, "-o", options);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }
}
