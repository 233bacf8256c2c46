// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Hammer2.Devices;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: further PFSs of a mounted filesystem are mounted by the process that has it, whichever comes and goes first,
/// and what cannot be mounted is told to the command that asked.
/// Method: the program mounts PFSs of new filesystems in image files and on loop devices.
/// </summary>
public sealed partial class FurtherMountTests
{
    [MountTheory]
    [InlineData(true, "ro")]
    [InlineData(false, "ro")]
    [InlineData(true, "rw")]
    [InlineData(false, "rw")]
    public void A_further_PFS_shares_the_process_and_each_is_unmounted_by_itself(bool isFirstFirst, string options)
    {
        using var image = new PfsImage("128m", "A", "B");
        AssertShared(image.Path, isFirstFirst, options);
        image.AssertFreeAndClean();
    }

    [LoopMountFact]
    public void On_a_block_device_the_claim_outlives_the_mount_that_had_it()
    {
        using var image = new PfsImage("128m", "A", "B");
        using (LoopDevice loop = LoopDevice.Attach(image.Path))
        {
            using (MountFixture first = MountFixture.MountForWriting(loop.Path + "@A"))
            using (MountFixture second = Mount(loop.Path + "@B", "rw"))
            {
                Assert.Contains("fuseblk", MountFixture.TableLine(first.Root), StringComparison.Ordinal);
                Assert.Contains(" fuse.hammer2 " + loop.Path + "@B ", MountFixture.TableLine(second.Root),
                    StringComparison.Ordinal);
                File.WriteAllText(first.Root + "/f", "1");
                first.UnmountAlone();
                var writing = new FileBlockDeviceOptions(IsReadOnly: false, LockWaitMilliseconds: 0);
                HammerProgram.WaitUntil(
                    () => Assert.Throws<DeviceBusyException>(() => FileBlockDevice.Open(loop.Path, writing))
                        .Message.Contains("claimed", StringComparison.Ordinal),
                    "the claim to be taken again");
                using (MountFixture again = Mount(loop.Path + "@A", "rw"))
                {
                    Assert.Contains("fuseblk", MountFixture.TableLine(again.Root), StringComparison.Ordinal);
                    Assert.Equal("1", File.ReadAllText(again.Root + "/f"));
                }
            }
            AssertFree(loop.Path);
        }
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void A_PFS_that_is_mounted_is_refused_until_it_is_unmounted()
    {
        using var image = new PfsImage("128m", "A", "B");
        using MountFixture first = MountFixture.MountForWriting(image.Path + "@A");
        foreach (string options in (string[])["ro", "rw"])
        {
            ProgramResult refused = TryMount(image.Path + "@A", options);
            Assert.Equal((32, $"hammer2: PFS A is mounted on {first.Root}\n"), (refused.ExitCode, refused.Error));
        }
        using MountFixture second = Mount(image.Path + "@B", "ro");
        for (int turn = 0; turn < 3; turn++)
        {
            // The daemon goes on, and may still commit the PFS that is mounted again at once.
            File.WriteAllText(first.Root + "/f" + turn, "content");
            Assert.Equal(0, HammerProgram.RunAny("umount", first.Root).ExitCode);
            ProgramResult again = HammerProgram.Run("mount", "-o", "rw", image.Path + "@A", first.Root);
            Assert.True(again.ExitCode == 0, again.Error);
            Assert.Equal("content", File.ReadAllText(first.Root + "/f" + turn));
        }
        second.UnmountAlone();
    }

    [MountFact]
    public void Errors_warnings_and_paths_are_those_of_the_second_command()
    {
        using var image = new PfsImage("128m", "A", "B");
        using MountFixture first = MountFixture.MountForWriting(image.Path + "@A");
        ProgramResult label = TryMount(image.Path + "@NONE", "ro");
        Assert.Equal(32, label.ExitCode);
        Assert.Matches("^hammer2: no PFS has the label NONE; there are: A, B, LOCAL\n$", label.Error);
        ProgramResult option = TryMount(image.Path + "@B", "ro,nosuchoption");
        Assert.Equal((1, "hammer2: -o nosuchoption: no such mount option\n"), (option.ExitCode, option.Error));

        // Relative to the second command's directory, not to the daemon's.
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        string script = $"cd '{Path.GetDirectoryName(image.Path)}' && '{HammerProgram.ProgramPath}' mount "
            + $"-o ro,memory=64M,loglevel=info pfs.img@B '../{Path.GetFileName(target)}'";
        ProgramResult result = HammerProgram.RunAny("sh", "-c", script);
        Assert.True(result.ExitCode == 0, result.Error);
        using MountFixture second = MountFixture.Adopt(target);
        Assert.Contains("warning FilesystemHost: memory= is ignored", result.Error, StringComparison.Ordinal);
        Assert.Contains(
            $"info MountedPfs: {image.Path}@B is mounted on {target}", result.Error, StringComparison.Ordinal);
    }

    [MountFact]
    public void In_the_foreground_the_second_command_stays_until_its_mount_ends()
    {
        using var image = new PfsImage("128m", "A", "B");
        using MountFixture first = MountFixture.MountForWriting(image.Path + "@A");
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        foreach (string[] end in (string[][])[["umount", target], ["kill", "-INT"], ["kill", "-TERM"]])
        {
            using Process second = HammerProgram.Start(
                HammerProgram.ProgramPath, ["mount", "--foreground", "-o", "ro", image.Path + "@B", target]);
            HammerProgram.WaitUntil(() => MountFixture.IsMounted(target), "the mount");
            Assert.False(second.HasExited);
            string[] words = end[0] == "kill" ? [.. end[1..], $"{second.Id}"] : end[1..];
            Assert.Equal(0, HammerProgram.RunAny(end[0], words).ExitCode);
            Assert.True(second.WaitForExit(HammerProgram.PatienceMilliseconds));
            Assert.Equal(0, second.ExitCode);
            Assert.False(MountFixture.IsMounted(target));
        }
        Directory.Delete(target);
        File.WriteAllText(first.Root + "/f", "the first goes on");
    }

    [MountFact]
    public void A_second_command_that_is_interrupted_leaves_nothing_mounted()
    {
        using var image = new PfsImage("128m", "A", "B");
        using MountFixture first = MountFixture.MountForWriting(image.Path + "@A");
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        first.Signal("STOP");
        using (Process second = HammerProgram.Start(HammerProgram.ProgramPath, ["mount", image.Path + "@B", target]))
        {
            HammerProgram.WaitUntil(() => HammerProgram.ServersOf(target).Count == 2, "the process in the background");
            Assert.Equal(0, HammerProgram.RunAny("kill", "-INT", $"{second.Id}").ExitCode);
            Assert.True(second.WaitForExit(HammerProgram.PatienceMilliseconds));
            Assert.Equal("hammer2: interrupted; nothing is mounted\n", second.StandardError.ReadToEnd());
            Assert.Equal(32, second.ExitCode);
        }
        first.Signal("CONT");
        Directory.Delete(target);
        using MountFixture again = Mount(image.Path + "@B", "rw");
        Assert.False(MountFixture.IsMounted(target));
        again.UnmountAlone();
    }

    [MountFact]
    public void A_signal_unmounts_all_mounts_of_the_process()
    {
        using var image = new PfsImage("128m", "A", "B");
        using (MountFixture first = MountFixture.MountForWriting(image.Path + "@A"))
        using (MountFixture second = Mount(image.Path + "@B", "rw"))
        {
            File.WriteAllText(first.Root + "/f", "of A");
            File.WriteAllText(second.Root + "/f", "of B");
            first.Signal("TERM");
            first.AssertGone();
            second.AssertGone();
        }
        image.AssertFreeAndClean();
        AssertHolds(image.Path, "of A", "of B");
    }

    [MountFact]
    public void A_killed_daemon_leaves_a_socket_that_the_next_mount_replaces()
    {
        using var image = new PfsImage("128m", "A", "B");
        using (MountFixture first = MountFixture.MountForWriting(image.Path + "@A", "commit=86400"))
        using (MountFixture second = Mount(image.Path + "@B", "rw,commit=86400"))
        {
            foreach ((string root, string text) in ((string, string)[])[(first.Root, "of A"), (second.Root, "of B")])
            {
                File.WriteAllText(root + "/f", text);
                using PosixFile file = PosixTree.Open(root + "/f");
                Assert.Equal(0, PosixCalls.Sync(file.Id));
            }
            first.Signal("KILL");
            HammerProgram.WaitUntil(() => HammerProgram.ServersOf(first.Root).Count == 0, "the process to die");
            second.UnmountAlone();
            Assert.Equal(0, HammerProgram.RunAny("umount", first.Root).ExitCode);
            first.AssertGone();
        }
        AssertHolds(image.Path, "of A", "of B");
        image.AssertFreeAndClean();
    }

    [MountFact]
    public void Another_mount_namespace_is_refused()
    {
        using var image = new PfsImage("128m", "A", "B");
        using MountFixture first = MountFixture.MountForWriting(image.Path + "@A");
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.RunAny(
            "unshare", "--mount", HammerProgram.ProgramPath, "mount", "-o", "ro", image.Path + "@B", target);
        Directory.Delete(target);
        Assert.Equal(32, result.ExitCode);
        Assert.Contains("has another mount namespace", result.Error, StringComparison.Ordinal);
    }

    [UserMountFact]
    public void An_ordinary_user_s_mounts_are_shared_with_that_user_alone()
    {
        using var image = new PfsImage("128m", "A", "B");
        string runtime = Directory.CreateTempSubdirectory("hammer2-run-").FullName;
        string[] targets = [.. Enumerable.Range(0, 2).Select(
            _ => Directory.CreateTempSubdirectory("hammer2-mount-").FullName)];
        string[] owned = [image.Path, Path.GetDirectoryName(image.Path)!, runtime, .. targets];
        Assert.Equal(0, HammerProgram.RunAny("chown", ["65534:65534", .. owned]).ExitCode);
        Assert.Equal(0, AsUser(65534, runtime, "mount", image.Path + "@A", targets[0]).ExitCode);
        using MountFixture first = MountFixture.Adopt(targets[0]);

        // All users may read the image, and still none may use the sockets of another.
        Assert.Equal(0, HammerProgram.RunAny("chmod", "-R", "go+rX", Path.GetDirectoryName(image.Path)!).ExitCode);
        Assert.Equal(0, HammerProgram.RunAny("chown", "65533", targets[1]).ExitCode);
        Assert.Equal(0, HammerProgram.RunAny("chmod", "go+rX", runtime).ExitCode);
        ProgramResult other = AsUser(65533, runtime, "mount", "-o", "ro", image.Path + "@B", targets[1]);
        Assert.Equal(32, other.ExitCode);
        Assert.Contains("cannot be handed to the process that serves it", other.Error, StringComparison.Ordinal);
        Assert.Contains("belongs to user 65534", other.Error, StringComparison.Ordinal);
        Assert.Contains("is being written by", other.Error, StringComparison.Ordinal);

        Assert.Equal(0, HammerProgram.RunAny("chown", "65534", targets[1]).ExitCode);
        ProgramResult same = AsUser(65534, runtime, "mount", "-o", "ro", image.Path + "@B", targets[1]);
        Assert.True(same.ExitCode == 0, same.Error);
        using (MountFixture second = MountFixture.Adopt(targets[1]))
        {
            AssertServedElsewhere(second);
            Assert.Equal(0, AsUser(65534, runtime, "umount", second.Root).ExitCode);
            second.AssertGone();
        }
        Assert.Equal(0, AsUser(65534, runtime, "umount", first.Root).ExitCode);
        first.AssertGone();
        Directory.Delete(runtime, recursive: true);
    }

    [MountFact]
    public void The_nodes_of_a_cluster_and_other_PFSs_on_them_are_mounted_beside_each_other()
    {
        string directory = Directory.CreateTempSubdirectory("hammer2-cluster-").FullName;
        string[] nodes = [.. Enumerable.Range(0, 3).Select(node => $"{directory}/n{node}.img")];
        ProgramResult made = HammerProgram.Run(["newfs", "-s", "128m", "--cluster", "CL", .. nodes]);
        Assert.True(made.ExitCode == 0, made.Error);
        using (MountFixture local = MountFixture.MountForWriting(nodes[1] + "@LOCAL"))
        {
            string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
            ProgramResult result = HammerProgram.Run(
                ["mount", "-o", "rw", nodes[0] + "@CL", nodes[1], nodes[2], target]);
            Assert.True(result.ExitCode == 0, result.Error);
            MountFixture cluster = MountFixture.Adopt(target);
            AssertServedElsewhere(cluster);
            MountFixture other = Mount(nodes[2] + "@LOCAL", "rw");      // of a device that was opened for the cluster
            ProgramResult node = TryMount(nodes[0] + "@CL", "ro,degraded");
            Assert.Equal((32, $"hammer2: PFS CL is mounted on {target}\n"), (node.ExitCode, node.Error));
            foreach (MountFixture mount in (MountFixture[])[local, cluster, other])
                File.WriteAllText(mount.Root + "/f", mount.Root);
            cluster.UnmountAlone();
            File.WriteAllText(local.Root + "/g", "written after that");
            using (MountFixture again = MountFixture.Mount(nodes[0] + "@LOCAL"))   // free: no PFS on it is mounted
                AssertEqualServers(again, 1);
            other.UnmountAlone();
            cluster.Dispose();
            other.Dispose();
        }
        foreach (string node in nodes) AssertFree(node);
        ProgramResult fsck = HammerProgram.Run(["fsck", .. nodes]);
        Assert.True(fsck.ExitCode == 0, fsck.Output + fsck.Error);
        using (MountFixture again = MountFixture.Mount(nodes.Select(node => node + "@CL")))
            Assert.NotEmpty(File.ReadAllText(again.Root + "/f"));
        Directory.Delete(directory, recursive: true);
    }

    private static void AssertShared(string device, bool isFirstFirst, string options)
    {
        string[] roots;
        using (MountFixture first = MountFixture.MountForWriting(device + "@A"))
        using (MountFixture second = Mount(device + "@B", options))
        {
            Assert.Contains(device + "@A", MountFixture.TableLine(first.Root), StringComparison.Ordinal);
            Assert.Contains(device + "@B", MountFixture.TableLine(second.Root), StringComparison.Ordinal);
            AssertServedElsewhere(second);
            int server = first.ServerNumber;
            List<string> writable = options == "rw" ? [first.Root, second.Root] : [first.Root];
            writable.ForEach(root => File.WriteAllText(root + "/f", root));
            (isFirstFirst ? first : second).UnmountAlone();
            MountFixture left = isFirstFirst ? second : first;
            if (writable.Contains(left.Root)) File.WriteAllText(left.Root + "/g", "written alone");
            Assert.Equal(writable.Contains(left.Root), File.Exists(left.Root + "/f"));
            Assert.True(Directory.Exists($"/proc/{server}"));
            roots = [.. writable];
        }
        AssertFree(device);
        AssertHolds(device, roots);
    }

    // Mounts the PFSs A and B once more, one after the other, and reads a file of each.
    private static void AssertHolds(string device, params string[] texts)
    {
        using MountFixture first = MountFixture.MountForWriting(device + "@A");
        using MountFixture second = Mount(device + "@B", "rw");
        MountFixture[] mounts = [first, second];
        for (int at = 0; at < texts.Length; at++) Assert.Equal(texts[at], File.ReadAllText(mounts[at].Root + "/f"));
    }

    private static void AssertEqualServers(MountFixture mount, int expected) => HammerProgram.WaitUntil(
        () => HammerProgram.ServersOf(mount.Root).Count == expected, $"{expected} processes of {mount.Root}");

    // The command's own process in the background ends right after it has reported.
    private static void AssertServedElsewhere(MountFixture mount) => AssertEqualServers(mount, 0);

    private static ProgramResult AsUser(int user, string runtime, params string[] words) => HammerProgram.RunAny(
        "setpriv", [$"--reuid={user}", $"--regid={user}", "--clear-groups", "--",
            "env", "XDG_RUNTIME_DIR=" + runtime, HammerProgram.ProgramPath, .. words]);

    private static MountFixture Mount(string spec, string options)
    {
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.Run("mount", "-o", options, spec, target);
        Assert.True(result.ExitCode == 0, result.Error);
        return MountFixture.Adopt(target);
    }

    private static ProgramResult TryMount(string spec, string options)
    {
        string target = Directory.CreateTempSubdirectory("hammer2-mount-").FullName;
        ProgramResult result = HammerProgram.Run("mount", "-o", options, spec, target);
        Assert.False(MountFixture.IsMounted(target));
        Directory.Delete(target);
        return result;
    }

    // A process whose last mount was unmounted releases its locks and its claim a moment later.
    private static void AssertFree(string device) => HammerProgram.WaitUntil(() => IsFree(device), $"{device} is free");

    private static bool IsFree(string device)
    {
        try
        {
            FileBlockDevice.Open(device, new FileBlockDeviceOptions(IsReadOnly: false)).Dispose();
            return true;
        }
        catch (DeviceBusyException)
        {
            return false;
        }
    }
}
