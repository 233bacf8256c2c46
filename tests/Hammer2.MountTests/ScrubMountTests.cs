// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.SyncedFiles;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: on real mounts, reads of a cluster with a thousand silently damaged blocks on one node are all right, a scrub
/// heals them, a second one finds nothing, and one that a killed daemon left goes on.
/// Method: the built program serves disks of this process, of which blocks are spoiled between mounts; each disk is
/// judged by itself. The seed is fixed.
/// </summary>
public sealed class ScrubMountTests
{
    private const int NodesTotal = 3;
    private const int Bad = 1;
    private const int FilesTotal = 80;

    [MountFact]
    public void A_thousand_damaged_blocks_of_one_node_are_read_right_and_healed()
    {
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(NodesTotal, 2L << 30);
        using (var disks = new FaultyDisks(memory))
        {
            using (MountFixture mount = Mount(disks)) WriteAll(mount.Root);
            int spoiled = Spoil(memory[Bad]);
            using (MountFixture mount = Mount(disks))
            {
                ReadAll(mount.Root);
                Scrub(mount.Root, "start");
                JsonElement first = WaitForEnd(mount.Root);
                Assert.InRange(Number(first, "faults"), 1, spoiled);
                Assert.Equal(Number(first, "faults"), Number(first, "healed"));
                Assert.Equal(0, Number(first, "unhealed"));
                ReadAll(mount.Root);
                Scrub(mount.Root, "start");
                JsonElement second = WaitForEnd(mount.Root);
                Assert.Equal((0, 0), (Number(second, "faults"), Number(second, "unhealed")));
                Assert.True(ErrorsOf(mount.Root, Bad, "checks") > 0);
                Assert.True(ErrorsOf(mount.Root, Bad, "healed") > 0);
                Assert.Equal(0, HammerProgram.Run("clear-errors", mount.Root).ExitCode);
                Assert.Equal(0, ErrorsOf(mount.Root, Bad, "checks"));
            }
        }
        foreach (MemoryBlockDevice one in memory) AssertClean(one);
    }

    [MountFact]
    public void A_scrub_that_a_killed_daemon_left_goes_on()
    {
        MemoryBlockDevice[] memory = NewVolume.ClusterInMemory(NodesTotal, 2L << 30);
        using (var disks = new FaultyDisks(memory))
        {
            using (MountFixture mount = Mount(disks)) WriteAll(mount.Root);
            _ = Spoil(memory[Bad]);
            using (MountFixture mount = Mount(disks))
            {
                Scrub(mount.Root, "start", "--rate", "12M");
                HammerProgram.WaitUntil(
                    () => Number(StatusOf(mount.Root), "checked") > 0, "the scrub to begin");
                mount.Signal("KILL");
                mount.UnmountAlone();
            }
            using (MountFixture mount = Mount(disks))
            {
                JsonElement done = WaitForEnd(mount.Root);
                Assert.Equal(0, Number(done, "unhealed"));
                Scrub(mount.Root, "start");
                Assert.Equal(0, Number(WaitForEnd(mount.Root), "faults"));
                ReadAll(mount.Root);
            }
        }
        foreach (MemoryBlockDevice one in memory) AssertClean(one);
    }

    private static MountFixture Mount(FaultyDisks disks) => MountFixture.MountForWriting(
        [disks.PathOf(0) + "@CL", disks.PathOf(1), disks.PathOf(2)]);

    private static void WriteAll(string root)
    {
        for (int file = 0; file < FilesTotal; file++) WriteSynced($"{root}/file{file}", ContentOf(file));
    }

    private static void ReadAll(string root)
    {
        for (int file = 0; file < FilesTotal; file++)
            Assert.Equal(ContentOf(file), File.ReadAllBytes($"{root}/file{file}"));
    }

    private static byte[] ContentOf(int file)
    {
        byte[] content = new byte[1_000_000];
        new SeededRandom((ulong)file + 1).Fill(content);
        return content;
    }

    private static int Spoil(MemoryBlockDevice disk)
    {
        var random = new SeededRandom(14);
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        MapBlock[] blocks = [.. MediaMap.Read(volumes).Blocks.Where(block => block.IsProtected
            && block.Type is BlockrefType.Inode or BlockrefType.Indirect or BlockrefType.Data
            && block.Objects.All(one => one.Pfs == NewVolume.ClusterLabel && one.Inum != Media.PfsRootInum))];
        MapBlock[] spoiled = [.. Enumerable.Range(0, 1000).Select(_ => random.Pick<MapBlock>(blocks)).Distinct()];
        byte[] one = new byte[1];
        foreach (MapBlock block in spoiled)
        {
            long at = (long)block.Address + random.Below(block.SizeBytes);
            Assert.Equal(Hammer2Error.None, disk.Read(at, one));
            one[0] ^= (byte)(1 + random.Below(255));
            Assert.Equal(Hammer2Error.None, disk.Write(at, one));
        }
        return spoiled.Length;
    }

    private static void Scrub(string root, string action, params string[] options)
    {
        ProgramResult run = HammerProgram.Run(["scrub", action, root, .. options]);
        Assert.True(run.ExitCode == 0, run.Error);
    }

    private static JsonElement WaitForEnd(string root)
    {
        HammerProgram.WaitUntil(() => StateOf(root) == "finished", "the scrub to end");
        return StatusOf(root);
    }

    private static string StateOf(string root) => StatusOf(root).GetProperty("state").GetString()!;

    // That of the damaged node; all nodes must have come as far for the end.
    private static JsonElement StatusOf(string root)
    {
        ProgramResult run = HammerProgram.Run("scrub", "status", root, "--json");
        using JsonDocument status = JsonDocument.Parse(run.Output);
        JsonElement[] scrubs = [.. status.RootElement.GetProperty("scrubs").EnumerateArray()];
        JsonElement unfinished = scrubs.FirstOrDefault(one => one.GetProperty("state").GetString() != "finished");
        return (unfinished.ValueKind == JsonValueKind.Undefined ? scrubs[Bad] : unfinished).Clone();
    }

    private static long ErrorsOf(string root, int node, string counter)
    {
        using JsonDocument status = JsonDocument.Parse(HammerProgram.Run("status", root, "--json").Output);
        return status.RootElement.GetProperty("deviceErrors").EnumerateArray().Single(
            one => one.GetProperty("node").GetInt64() == node).GetProperty(counter).GetInt64();
    }

    private static int Number(JsonElement of, string name) =>
        int.Parse(of.GetProperty(name).GetRawText(), CultureInfo.InvariantCulture);
}
