// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.SyncedFiles;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: programs on a mount that lost its quorum and stalls wait, can be interrupted, read meanwhile, and go on when
/// nodes are back; so does an unmount, unless it is given up; another policy ends the wait with an error.
/// Method: the built program serves disks of this process, which fail from one moment to another; each disk is judged,
/// and mounted by itself.
/// </summary>
public sealed class QuorumStallMountTests
{
    private const int NodesTotal = 3;

    [MountTheory]
    [InlineData("nowriteback")]
    [InlineData("writeback")]
    public void Programs_wait_for_the_nodes_and_go_on(string cache)
    {
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(NodesTotal, 2L << 30);
        using (var disks = new FaultyDisks(memory))
        {
            using MountFixture mount = Mount(disks, cache);
            // Linux locks a directory while a change of it waits, and no signal ends the wait for that lock.
            Directory.CreateDirectory(mount.Root + "/other");
            WriteSynced(mount.Root + "/first", Noise(1));
            File.WriteAllBytes(mount.Root + "/unsynced", Noise(2));
            Fail(disks, DiskFault.All, 0, 1);
            using Process writer = Start("cp /proc/version $0/copy && sync $0/copy", mount);
            HammerProgram.WaitUntil(() => IsWaiting(mount), "the stall");
            using Process other = Start("exec mkdir $0/other/never", mount);
            Assert.Equal(Noise(1), File.ReadAllBytes(mount.Root + "/first"));
            // It would have been done long ago.
            Assert.False(other.WaitForExit(1500));
            Assert.False(writer.HasExited);
            Assert.Equal(0, HammerProgram.RunAny("kill", "-TERM", $"{other.Id}").ExitCode);
            Assert.True(other.WaitForExit(10_000), "an interrupt does not reach a request that waits");
            Assert.Equal(1, Status(mount).GetProperty("stalls").GetInt64());
            ProgramResult snapshot = HammerProgram.Run("snapshot", mount.Root, "none");
            Assert.NotEqual(0, snapshot.ExitCode);
            Assert.Contains("temporarily", snapshot.Error, StringComparison.Ordinal);

            Fail(disks, DiskFault.None, 1);
            Assert.True(writer.WaitForExit(60_000), "the writer does not go on");
            Assert.Equal(0, writer.ExitCode);
            Fail(disks, DiskFault.None, 0);
            HammerProgram.WaitUntil(() => SyncedOf(mount) == NodesTotal, "the nodes to be synced again");
            Assert.False(Directory.Exists(mount.Root + "/other/never"));
        }
        AssertLevel(memory);
    }

    [MountFact]
    public void An_unmount_waits_for_the_nodes_too()
    {
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(NodesTotal, 2L << 30);
        using (var disks = new FaultyDisks(memory))
        {
            using MountFixture mount = Mount(disks, "nowriteback");
            WriteSynced(mount.Root + "/first", Noise(1));
            File.WriteAllBytes(mount.Root + "/unsynced", Noise(2));
            File.WriteAllText(mount.Root + "/copy", "x");
            Fail(disks, DiskFault.All, 0, 1, 2);
            using Process unmount = Start("umount $0", mount);
            HammerProgram.WaitUntil(() => !MountFixture.IsMounted(mount.Root), "the mount to go away");
            int server = mount.ServerNumber;
            System.Threading.Thread.Sleep(1500);
            Assert.True(Directory.Exists($"/proc/{server}"));
            Fail(disks, DiskFault.None, 0, 1, 2);
            mount.AssertGone();
        }
        AssertLevel(memory);
    }

    [MountFact]
    public void A_signal_gives_up_what_waits_after_an_unmount()
    {
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(NodesTotal, 2L << 30);
        using var disks = new FaultyDisks(memory);
        using MountFixture mount = Mount(disks, "nowriteback");
        WriteSynced(mount.Root + "/first", Noise(1));
        File.WriteAllBytes(mount.Root + "/lost", Noise(2));
        Fail(disks, DiskFault.All, 0, 1, 2);
        mount.Signal("TERM");
        HammerProgram.WaitUntil(() => !MountFixture.IsMounted(mount.Root), "the mount to go away");
        System.Threading.Thread.Sleep(500);
        mount.Signal("TERM");
        mount.AssertGone();
        Fail(disks, DiskFault.None, 0, 1, 2);
        foreach (MemoryBlockDevice one in memory) AssertClean(one);
    }

    [MountFact]
    public void Another_policy_ends_the_wait()
    {
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(NodesTotal, 2L << 30);
        using var disks = new FaultyDisks(memory);
        using MountFixture mount = Mount(disks, "nowriteback");
        WriteSynced(mount.Root + "/first", Noise(1));
        Fail(disks, DiskFault.All, 0, 1);
        using Process writer = Start("echo x > $0/copy && sync $0/copy", mount);
        HammerProgram.WaitUntil(() => IsWaiting(mount), "the stall");
        ProgramResult shown = HammerProgram.Run("cluster", "policy", mount.Root);
        Assert.Contains("stall", shown.Output, StringComparison.Ordinal);
        Assert.Equal(0, HammerProgram.Run("cluster", "policy", mount.Root, "noquorum=error").ExitCode);
        Assert.True(writer.WaitForExit(10_000), "the writer still waits");
        Assert.NotEqual(0, writer.ExitCode);
        ProgramResult late = HammerProgram.RunAny("mkdir", mount.Root + "/late");
        Assert.Contains("Input/output error", late.Error, StringComparison.Ordinal);
        Assert.Equal(Noise(1), File.ReadAllBytes(mount.Root + "/first"));
        Fail(disks, DiskFault.None, 0, 1);
    }

    private static MountFixture Mount(FaultyDisks disks, string cache) => MountFixture.MountForWriting(
        [disks.PathOf(0) + "@CL", disks.PathOf(1), disks.PathOf(2)], "noquorum=stall," + cache);

    private static void Fail(FaultyDisks disks, DiskFault fault, params int[] numbers)
    {
        foreach (int number in numbers) disks.Fail(number, fault);
    }

    private static Process Start(string script, MountFixture mount) =>
        HammerProgram.Start("bash", ["-c", script, mount.Root]);

    private static bool IsWaiting(MountFixture mount) => Status(mount).GetProperty("reasons").EnumerateArray().Any(
        reason => reason.GetString()!.StartsWith("changes wait for nodes", StringComparison.Ordinal));

    private static JsonElement Status(MountFixture mount)
    {
        using JsonDocument status = JsonDocument.Parse(File.ReadAllText(mount.Root + "/.hammer2/status"));
        return status.RootElement.GetProperty("result").Clone();
    }

    private static int SyncedOf(MountFixture mount) => Status(mount).GetProperty("nodes").EnumerateArray().Count(
        node => node.GetProperty("state").GetString() == "Synced");

    private static void AssertLevel(MemoryBlockDevice[] memory)
    {
        foreach (MemoryBlockDevice one in memory)
        {
            AssertClean(one);
            using var disks = new FaultyDisks(one);
            using MountFixture mount = MountFixture.Mount(disks.PathOf(0) + "@CL", "degraded");
            Assert.Equal(Noise(1), File.ReadAllBytes(mount.Root + "/first"));
            Assert.Equal(Noise(2), File.ReadAllBytes(mount.Root + "/unsynced"));
            Assert.True(File.Exists(mount.Root + "/copy"));
        }
    }
}
