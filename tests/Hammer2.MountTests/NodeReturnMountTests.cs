// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Linq;
using System.Text.Json;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.SyncedFiles;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: a node of a mounted cluster whose device fails, and answers again, is level with the others after some seconds
/// without unmounting; so is one that was absent during a mount.
/// Method: the built program serves disks of this process, which fail from one moment to another; each disk is judged,
/// and mounted by itself.
/// </summary>
public sealed class NodeReturnMountTests
{
    private const int NodesTotal = 3;

    [MountTheory]
    [InlineData(DiskFault.Writes)]
    [InlineData(DiskFault.All)]
    internal void Nodes_that_fail_in_turn_return_without_unmounting(DiskFault fault)
    {
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(NodesTotal, 2L << 30);
        using (var disks = new FaultyDisks(memory))
        {
            using MountFixture mount = Mount(disks);
            WriteSynced(mount.Root + "/first", Noise(1));
            for (int disk = 0; disk < NodesTotal; disk++)
            {
                disks.Fail(disk, fault);
                WriteSynced($"{mount.Root}/without{disk}", Noise((ulong)disk + 2));
                Assert.Equal(NodesTotal - 1, SyncedOf(mount));
                disks.Fail(disk, DiskFault.None);
                HammerProgram.WaitUntil(() => SyncedOf(mount) == NodesTotal, "the node to be synced again");
                WriteSynced($"{mount.Root}/with{disk}", Noise((ulong)disk + 10));
            }
            File.Delete(mount.Root + "/first");
        }
        AssertLevel(memory);
    }

    [MountFact]
    public void A_node_that_was_absent_is_resynchronized_by_the_next_mount()
    {
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(NodesTotal, 2L << 30);
        using (var disks = new FaultyDisks(memory[..2]))
        using (MountFixture mount = MountFixture.MountForWriting([disks.PathOf(0) + "@CL", disks.PathOf(1)]))
        {
            for (int disk = 0; disk < NodesTotal; disk++)
            {
                WriteSynced($"{mount.Root}/without{disk}", Noise((ulong)disk + 2));
                WriteSynced($"{mount.Root}/with{disk}", Noise((ulong)disk + 10));
            }
        }
        using (var disks = new FaultyDisks(memory))
        using (MountFixture mount = Mount(disks))
            HammerProgram.WaitUntil(() => SyncedOf(mount) == NodesTotal, "the node to be synced");
        AssertLevel(memory);
    }

    private static MountFixture Mount(FaultyDisks disks) => MountFixture.MountForWriting(
        [disks.PathOf(0) + "@CL", disks.PathOf(1), disks.PathOf(2)]);

    private static int SyncedOf(MountFixture mount)
    {
        using JsonDocument status = JsonDocument.Parse(File.ReadAllText(mount.Root + "/.hammer2/status"));
        return status.RootElement.GetProperty("result").GetProperty("nodes").EnumerateArray().Count(
            node => node.GetProperty("state").GetString() == "Synced");
    }

    private static void AssertLevel(MemoryBlockDevice[] memory)
    {
        foreach (MemoryBlockDevice one in memory)
        {
            AssertClean(one);
            using var disks = new FaultyDisks(one);
            using MountFixture mount = MountFixture.Mount(disks.PathOf(0) + "@CL", "degraded");
            Assert.False(File.Exists(mount.Root + "/first"));
            for (int disk = 0; disk < NodesTotal; disk++)
            {
                Assert.Equal(Noise((ulong)disk + 2), File.ReadAllBytes($"{mount.Root}/without{disk}"));
                Assert.Equal(Noise((ulong)disk + 10), File.ReadAllBytes($"{mount.Root}/with{disk}"));
            }
        }
    }
}
