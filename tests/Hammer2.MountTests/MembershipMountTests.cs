// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.SyncedFiles;

namespace Hammer2.MountTests;

/// <summary>
/// Goal: a mounted PFS goes from one node to three, each is replaced in turn, and it goes back to one, while files are
/// written and read, without unmounting; the devices of nodes that left are free at once.
/// Method: the built program on image files, a thread that writes and reads back; every image is judged, and mounted by
/// itself.
/// </summary>
public sealed class MembershipMountTests
{
    [MountFact]
    public void From_one_node_to_three_each_replaced_and_back_to_one_while_files_are_written()
    {
        using var images = new Images();
        Succeed("newfs", "-s", "512m", "-L", "DATA", images.PathOf(0));
        using (MountFixture mount = MountFixture.MountForWriting(images.PathOf(0) + "@DATA"))
        using (var writer = new VerifyingWriter(mount.Root))
        {
            foreach (int node in (int[])[1, 2]) Attach(mount, images, node, ofNode: 0);
            foreach (int node in (int[])[0, 1, 2])
            {
                Attach(mount, images, node + 3, ofNode: node);
                Detach(mount, images, node);
            }
            Assert.Equal(3, SyncedOf(mount));
            foreach (int node in (int[])[3, 4]) Detach(mount, images, node);
            writer.Finish();
        }
        using (MountFixture last = MountFixture.Mount(images.PathOf(5) + "@DATA")) VerifyingWriter.AssertAll(last.Root);
        for (int node = 0; node < 6; node++) Succeed("fsck", images.PathOf(node));
    }

    [MountFact]
    public void A_node_without_space_loses_its_oldest_snapshot_that_is_not_in_use_once_the_policy_says_so()
    {
        using var images = new Images();
        Succeed("newfs", "-s", "256m", "--cluster", "CL", images.PathOf(0), images.PathOf(1));
        Succeed("newfs", "-s", "96m", "--join", images.PathOf(0) + "@CL", images.PathOf(2));
        using (MountFixture mount = MountFixture.MountForWriting([images.PathOf(0) + "@CL", images.PathOf(1)]))
        {
            Succeed("cluster", "attach", mount.Root, images.PathOf(2));
            HammerProgram.WaitUntil(() => SyncedOf(mount) == 3, "the node to be level");
            for (int number = 1; number <= 5; number++)
            {
                WriteSynced(mount.Root + "/file", LongNoise(number, mebibytes: 8));
                if (number < 5) Succeed("snapshot", mount.Root, $"s{number}");
            }
            Succeed("cluster", "offline", mount.Root, images.PathOf(2));
            WriteSynced(mount.Root + "/more", LongNoise(9, mebibytes: 30));
            Succeed("cluster", "online", mount.Root, images.PathOf(2));
            string policy = HammerProgram.Run("cluster", "policy", "--json", mount.Root).Output;
            Assert.Contains("\"resyncSnapshots\": \"keep\"", policy, StringComparison.Ordinal);
            HammerProgram.WaitUntil(() => EventsOf(mount).Contains("NoSpace", StringComparison.Ordinal), "no space");
            Assert.DoesNotContain("was deleted", EventsOf(mount), StringComparison.Ordinal);
            using (FileStream open = File.OpenRead(mount.Root + "/.hammer2/snapshots/s1/file"))
            {
                Succeed("cluster", "policy", mount.Root, "resync-snapshots=delete");
                HammerProgram.WaitUntil(() => SyncedOf(mount) == 3, "the node to have space and be level");
                open.ReadExactly(new byte[8 << 20]);
            }
            Assert.Contains(
                "snapshot s2 was deleted on node " + images.PathOf(2), EventsOf(mount), StringComparison.Ordinal);
            policy = HammerProgram.Run("cluster", "policy", "--json", mount.Root).Output;
            Assert.Contains("\"snapshotsDeleted\": 1", policy, StringComparison.Ordinal);
            Assert.Equal(8 << 20, File.ReadAllBytes(mount.Root + "/.hammer2/snapshots/s2/file").Length);
        }
        foreach (int node in (int[])[0, 1, 2]) Succeed("fsck", images.PathOf(node));
        string left = HammerProgram.Run("pfs-list", images.PathOf(2)).Output;
        Assert.DoesNotMatch(@"\bs2\b", left);
        foreach (string label in (string[])["s1", "s3", "s4"]) Assert.Matches($@"\b{label}\b", left);
    }

    [MountFact]
    public void A_node_is_replaced_below_a_rate_and_compared_again_on_request()
    {
        using var images = new Images();
        Succeed("newfs", "-s", "512m", "--cluster", "CL", images.PathOf(0), images.PathOf(1));
        using (MountFixture mount = MountFixture.MountForWriting([images.PathOf(0) + "@CL", images.PathOf(1)]))
        {
            WriteSynced(mount.Root + "/file", Noise(1));
            Assert.Contains("\"resyncRateBytes\": 0", HammerProgram.Run(
                "cluster", "policy", "--json", mount.Root).Output, StringComparison.Ordinal);
            Succeed("cluster", "policy", mount.Root, "resync-rate=100M");
            Assert.Contains("\"resyncRateBytes\": 104857600", HammerProgram.Run(
                "cluster", "policy", "--json", mount.Root).Output, StringComparison.Ordinal);
            Assert.NotEqual(0, HammerProgram.Run("cluster", "policy", mount.Root, "noresync").ExitCode);
            Succeed("newfs", "-s", "512m", "--join", images.PathOf(0) + "@CL", images.PathOf(2));
            Succeed("cluster", "replace", mount.Root, images.PathOf(1), images.PathOf(2));
            Assert.Equal(2, SyncedOf(mount));
            ProgramResult status = HammerProgram.Run("status", mount.Root);
            Assert.Contains(images.PathOf(2), status.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(images.PathOf(1), status.Output, StringComparison.Ordinal);
            // Of two nodes none can be spared.
            Assert.NotEqual(0, HammerProgram.Run("cluster", "resync", mount.Root, images.PathOf(2)).ExitCode);
            Succeed("newfs", "-s", "512m", "--join", images.PathOf(0) + "@CL", images.PathOf(3));
            Succeed("cluster", "attach", mount.Root, images.PathOf(3));
            HammerProgram.WaitUntil(() => SyncedOf(mount) == 3, "the third node to be level");
            Succeed("cluster", "resync", mount.Root, images.PathOf(2));
            HammerProgram.WaitUntil(() => SyncedOf(mount) == 3, "the node to be level again");
        }
        foreach (int node in (int[])[0, 1, 2, 3]) Succeed("fsck", images.PathOf(node));
        using MountFixture alone = MountFixture.Mount(images.PathOf(2) + "@CL", "degraded");
        Assert.Equal(Noise(1), File.ReadAllBytes(alone.Root + "/file"));
    }

    [MountFact]
    public void A_node_that_is_set_aside_is_level_after_it_was_put_online()
    {
        using var images = new Images();
        Succeed("newfs", "-s", "512m", "--cluster", "CL", images.PathOf(0), images.PathOf(1), images.PathOf(2));
        using (MountFixture mount = MountFixture.MountForWriting(
            [images.PathOf(0) + "@CL", images.PathOf(1), images.PathOf(2)]))
        {
            WriteSynced(mount.Root + "/before", Noise(1));
            Succeed("cluster", "offline", mount.Root, images.PathOf(1));
            WriteSynced(mount.Root + "/without", Noise(2));
            Assert.Equal(2, SyncedOf(mount));
            Assert.NotEqual(0, HammerProgram.Run("cluster", "offline", mount.Root, images.PathOf(2)).ExitCode);
            Succeed("cluster", "online", mount.Root, images.PathOf(1));
            HammerProgram.WaitUntil(() => SyncedOf(mount) == 3, "the node to be level");
            Succeed("cluster", "demote", mount.Root, images.PathOf(1));
            WriteSynced(mount.Root + "/beside", Noise(3));
            Succeed("cluster", "promote", mount.Root, images.PathOf(1));
            HammerProgram.WaitUntil(() => SyncedOf(mount) == 3, "the node to be a master again");
        }
        using MountFixture alone = MountFixture.Mount(images.PathOf(1) + "@CL", "degraded");
        Assert.Equal(Noise(2), File.ReadAllBytes(alone.Root + "/without"));
        Assert.Equal(Noise(3), File.ReadAllBytes(alone.Root + "/beside"));
    }

    private static void Attach(MountFixture mount, Images images, int node, int ofNode)
    {
        int synced = SyncedOf(mount);
        Succeed("newfs", "-s", "512m", "--join", images.PathOf(ofNode) + "@DATA", images.PathOf(node));
        Succeed("cluster", "attach", mount.Root, images.PathOf(node));
        HammerProgram.WaitUntil(() => SyncedOf(mount) == synced + 1, "the node to be level");
    }

    private static void Detach(MountFixture mount, Images images, int node)
    {
        Succeed("cluster", "detach", mount.Root, images.PathOf(node));
        // It is a PFS by itself, and free.
        using MountFixture alone = MountFixture.Mount(images.PathOf(node) + "@DATA");
        Assert.NotEmpty(Directory.GetFiles(alone.Root));
    }

    private static void Succeed(params string[] words)
    {
        ProgramResult result = HammerProgram.Run(words);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', words)}: {result.ExitCode} {result.Error}");
    }

    private static string EventsOf(MountFixture mount) => File.ReadAllText(mount.Root + "/.hammer2/events");

    private static byte[] LongNoise(int seed, int mebibytes)
    {
        byte[] bytes = new byte[mebibytes << 20];
        new SeededRandom((ulong)seed).Fill(bytes);
        return bytes;
    }

    private static int SyncedOf(MountFixture mount)
    {
        ProgramResult list = HammerProgram.Run("cluster", "list", "--json", mount.Root);
        Assert.True(list.ExitCode == 0, list.Error);
        using JsonDocument document = JsonDocument.Parse(list.Output);
        return document.RootElement.GetProperty("members").EnumerateArray().Count(
            member => member.GetProperty("state").GetString() == "Synced");
    }

    private sealed class Images : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("hammer2-members-");

        public string PathOf(int node) => Path.Combine(_directory.FullName, $"n{node}.img");

        public void Dispose() => _directory.Delete(recursive: true);
    }

    /// <summary>Writes files, makes every fourth durable, and reads back one of those before.</summary>
    private sealed class VerifyingWriter : IDisposable
    {
        private readonly string _root;
        private readonly Thread _thread;
        private readonly List<Exception> _failures = [];
        private volatile bool _isEnding;

        public VerifyingWriter(string root)
        {
            _root = root;
            _thread = new Thread(Run);
            _thread.Start();
        }

        public static void AssertAll(string root)
        {
            string[] files = Directory.GetFiles(root);
            Assert.NotEmpty(files);
            foreach (string file in files)
                Assert.Equal(Noise(ulong.Parse(Path.GetFileName(file))), File.ReadAllBytes(file));
        }

        public void Finish()
        {
            Dispose();
            Assert.Empty(_failures);
        }

        public void Dispose()
        {
            _isEnding = true;
            _thread.Join();
        }

        private void Run()
        {
            try
            {
                for (ulong number = 0; !_isEnding; number++)
                {
                    // A small PFS: what is old goes.
                    if (number >= 100) File.Delete($"{_root}/{number - 100}");
                    if (number % 4 == 0) WriteSynced($"{_root}/{number}", Noise(number));
                    else File.WriteAllBytes($"{_root}/{number}", Noise(number));
                    ulong earlier = number - Math.Min(number, 17);
                    if (!Noise(earlier).AsSpan().SequenceEqual(File.ReadAllBytes($"{_root}/{earlier}")))
                        throw new IOException($"file {earlier} has other contents");
                }
            }
            catch (Exception failure)
            {
                _failures.Add(failure);
            }
        }
    }
}
