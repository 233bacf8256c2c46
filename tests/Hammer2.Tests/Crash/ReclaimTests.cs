// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Hammer2.Chains.Commits;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>Bulkfree: what is deleted comes back, and nothing else.</summary>
public sealed class ReclaimTests
{
    private const long Bytes = 256L << 20;
    private const long TwoCopiesBytes = (2L << 30) + (64L << 20);

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(12));

    [Fact]
    public void What_was_deleted_comes_back_after_two_passes()
    {
        using MemoryBlockDevice device = NewVolume.InMemory(Bytes);
        ulong empty = FreeOf(device);
        Write(device, ops =>
        {
            for (int i = 0; i < 40; i++) _ = RecoveryTests.MakeFile(ops, $"f{i}", 1_000_000, (ulong)i);
            Assert.Equal(Errno.None, ops.Sync());
        });
        Assert.True(FreeOf(device) + (40UL << 20) < empty + (3 << 20));
        Write(device, ops =>
        {
            for (int i = 0; i < 40; i++) Remove(ops, $"f{i}");
            Assert.Equal(Errno.None, ops.Sync());
        });
        ulong deleted = FreeOf(device);
        using (ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Reclaim(default, out ReclaimResult result));
            Assert.True(result.FreedBytes > 38 << 20);
            Assert.Equal(0, result.RepairedBytes);
        }
        Assert.True(FreeOf(device) > deleted + (38 << 20));
        // The count that newfs leaves is up to a segment too high.
        Assert.True(FreeOf(device) + (5 << 20) > empty);
        MediaAudit.AssertSound(device, "afterwards", allowsOrphans: false);
        AssertHeaderIsExact(device);
    }

    /// <summary>Goal: what is given out while a pass runs, and no commit has yet, is never freed. Method: drawn
    /// operations between all steps of passes, compared with the model afterwards and after mounting
    /// again.</summary>
    [Theory, MemberData(nameof(Seeds))]
    public void Writing_goes_on_while_space_is_reclaimed(ulong seed)
    {
        var random = new SeededRandom(seed);
        IBlockDevice[] devices = seed % 3 == 0
            ? [.. NewVolume.ClusterInMemory(3, Bytes)] : [NewVolume.InMemory(Bytes)];
        string label = devices.Length == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        var player = new ScriptPlayer(random);
        for (int session = 0; session < 2; session++)
        {
            using ClusterMount mount = RecordedScript.Mount(devices, label);
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            if (session == 0) MakeRoom(ops, player);
            for (int round = 0; round < 4; round++)
            {
                using var done = new ManualResetEventSlim();
                var reclaimed = new List<Hammer2Error>();
                var reclaimer = new Thread(() =>
                {
                    while (!done.IsSet) reclaimed.Add(mount.Pfs.Writer!.Reclaim(default, out _));
                });
                reclaimer.Start();
                try
                {
                    player.Play(ops, 120);
                }
                finally
                {
                    done.Set();
                    reclaimer.Join();
                }
                Assert.All(reclaimed, error => Assert.Equal(Hammer2Error.None, error));
                Same(player, ops);
            }
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        foreach (IBlockDevice device in devices)
            MediaAudit.AssertSound(device, $"seed {seed}", allowsOrphans: false);
        using ClusterMount last = RecordedScript.Mount(devices, label);
        Same(player, new VnodeOps(last.Pfs, NullLogger<VnodeOps>.Instance));
    }

    [Fact]
    public void A_block_that_cannot_be_read_keeps_everything_as_it_is()
    {
        using MemoryBlockDevice memory = NewVolume.InMemory(Bytes);
        Write(memory, ops =>
        {
            for (int i = 0; i < 200; i++) _ = RecoveryTests.MakeFile(ops, $"f{i}", 70_000, (ulong)i);
            Assert.Equal(Errno.None, ops.Sync());
        });
        string before;
        using (ClusterMount mount = RecordedScript.Mount([memory], NewVolume.Label))
            before = TreeListing.Of(new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance), VnodeOps.RootInum);
        ulong indirect = 0;
        using (ClusterMount mount = RecordedScript.Mount([memory], NewVolume.Label))
        {
            foreach (ref readonly Blockref reference in mount.Pfs.Nodes[0].Root.Table)
                if (reference.Type == BlockrefType.Indirect) indirect = reference.Data.Bytes;
        }
        Assert.NotEqual(0UL, indirect);
        using var faulty = new FaultyBlockDevice(new UnownedDevice(memory));
        using (ClusterMount mount = RecordedScript.Mount([faulty], NewVolume.Label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            faulty.FailReads((long)indirect, 1);
            Assert.Equal(Hammer2Error.Io, mount.Pfs.Writer!.Reclaim(default, out ReclaimResult result));
            Assert.Equal(default, result);
            Assert.False(mount.Pfs.Writer.IsStopped);
            faulty.Heal();
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer.Reclaim(default, out _));
        }
        using ClusterMount again = RecordedScript.Mount([memory], NewVolume.Label);
        Assert.Equal(before,
            TreeListing.Of(new VnodeOps(again.Pfs, NullLogger<VnodeOps>.Instance), VnodeOps.RootInum));
        MediaAudit.AssertSound(memory, "afterwards");
    }

    [Theory]
    [InlineData("pfs-snap"), InlineData("pfs-many"), InlineData("deleted-nobulkfree"), InlineData("mvol2")]
    [InlineData("indirect-big"), InlineData("dir20k")]
    public void Everything_on_an_image_of_upstream_stays(string image)
    {
        OverlayBlockDevice[] devices = [.. GoldenImage.Paths(image).Select(path => GoldenImage.OpenOverlay(
            System.IO.Path.GetFileNameWithoutExtension(path)))];
        IReadOnlyList<string> before, after;
        using (VolumeSet volumes = VolumeSet.Open([.. devices.Select(device => new UnownedDevice(device))]))
            before = MediaAudit.Judge(volumes);
        using (VolumeSet volumes = VolumeSet.Open([.. devices.Select(device => new UnownedDevice(device))]))
        {
            Assert.Equal(Hammer2Error.None, OfflineReclaim.Run(
                volumes, default, NullLoggerFactory.Instance, out ReclaimResult result));
            if (image == "deleted-nobulkfree") Assert.True(result.FreedBytes > 0);
        }
        using (VolumeSet volumes = VolumeSet.Open([.. devices.Select(device => new UnownedDevice(device))]))
        {
            after = MediaAudit.Judge(volumes);
            (ulong reachable, ulong kept, _) = MediaAudit.Measure(volumes);
            Assert.True(kept <= reachable + Media.SegmentBytes, $"{kept} kept, {reachable} reachable");
        }
        Assert.Equal(before.Where(IsDamage), after.Where(IsDamage));
        foreach (OverlayBlockDevice device in devices) device.Dispose();

        static bool IsDamage(string fault) => !fault.Contains("free bytes", StringComparison.Ordinal);
    }

    [Fact]
    public void Discarding_gives_up_only_what_is_free()
    {
        using MemoryBlockDevice memory = NewVolume.InMemory(Bytes);
        var history = new WriteHistory(memory);
        IBlockDevice[] devices = history.Open();
        using (ClusterMount mount = RecordedScript.Mount(devices, NewVolume.Label))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            for (int i = 0; i < 50; i++) _ = RecoveryTests.MakeFile(ops, $"f{i}", 200_000, (ulong)i);
            Assert.Equal(Errno.None, ops.Sync());
            for (int i = 0; i < 50; i += 2) Remove(ops, $"f{i}");
            int before = history.Events.Count;
            Assert.Equal(Hammer2Error.None,
                mount.Pfs.Writer!.Reclaim(new ReclaimOptions(Discards: true), out ReclaimResult result));
            long discarded = history.Events.Skip(before).Where(IsDiscard).Sum(one => (long)one.Bytes.Length);
            Assert.Equal(result.FreedBytes, discarded);
            Assert.True(discarded > 4 << 20);
        }
        MediaAudit.AssertSound(devices[0], "afterwards", allowsOrphans: false);

        static bool IsDiscard(HistoryEvent one) =>
            one.Kind == HistoryKind.Write && !one.Bytes.AsSpan().ContainsAnyExcept((byte)0xDD);
    }

    [Fact]
    public void No_mixture_of_two_headers_passes_for_one()
    {
        using MemoryBlockDevice memory = NewVolume.InMemory(Bytes);
        using ClusterMount mount = RecordedScript.Mount([memory], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        _ = RecoveryTests.MakeFile(ops, "kept", 200_000, 1);
        for (int step = 0; step < 4; step++)
        {
            _ = RecoveryTests.MakeFile(ops, $"f{step}", 200_000, (ulong)step);
            Assert.Equal(Errno.None, ops.Sync());
            byte[] before = mount.Devices[0].Header.ToArray();
            // The freemap alone, then with a tree: headers of both kinds follow each other.
            if (step % 2 == 0) Remove(ops, $"f{step}");
            Assert.Equal(Hammer2Error.None, step % 2 == 0
                ? mount.Pfs.Writer!.Reclaim(default, out _) : CommitFreemap(mount.Devices[0].Committer!));
            AssertNoMixture(before, mount.Devices[0].Header.ToArray());
        }
    }

    [Fact]
    public void A_header_that_was_torn_and_is_made_again_does_not_mix_with_what_is_left_of_it()
    {
        using MemoryBlockDevice memory = NewVolume.InMemory(TwoCopiesBytes);
        byte[] torn = CommitFreemapOnly(memory, out int place);
        // Power fails: all that got there of the new header is its first sector.
        byte[] left = new byte[Media.VolumeHeaderBytes];
        torn.AsSpan(0, 512).CopyTo(left);
        Assert.Equal(Hammer2Error.None, memory.Write(place * Media.HeaderZoneBytes, left));

        byte[] again = CommitFreemapOnly(memory, out int placeAgain);
        Assert.Equal(place, placeAgain);
        AssertNoMixture(torn, again);
    }

    private static Hammer2Error CommitFreemap(MediaCommitter committer)
    {
        using var turn = CommitTurn.Enter(committer);
        return committer.CommitFreemap();
    }

    // What a mount commits that changes nothing but the freemap.
    private static byte[] CommitFreemapOnly(MemoryBlockDevice memory, out int place)
    {
        using ClusterMount mount = RecordedScript.Mount([memory], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        Assert.Equal(Hammer2Error.None, CommitFreemap(mount.Devices[0].Committer!));
        place = mount.Devices[0].Header.CopyIndex;
        return mount.Devices[0].Header.ToArray();
    }

    // Every choice of the sectors that differ, from either header.
    private static void AssertNoMixture(byte[] before, byte[] after)
    {
        const int SectorBytes = 512;
        int[] differing = [.. Enumerable.Range(0, Media.VolumeHeaderBytes / SectorBytes).Where(IsOther)];
        Assert.InRange(differing.Length, 3, 12);
        for (int choice = 1; choice < (1 << differing.Length) - 1; choice++)
        {
            byte[] mixed = [.. before];
            for (int i = 0; i < differing.Length; i++)
            {
                int at = differing[i] * SectorBytes;
                if ((choice >> i & 1) != 0) after.AsSpan(at, SectorBytes).CopyTo(mixed.AsSpan(at));
            }
            Assert.False(new VolumeHeaderCandidate(mixed, 0).TryValidate(out _, out _), $"mixture {choice:x}");
        }

        bool IsOther(int sector)
        {
            int at = sector * SectorBytes;
            return !before.AsSpan(at, SectorBytes).SequenceEqual(after.AsSpan(at, SectorBytes));
        }
    }

    [Fact]
    public void The_command_frees_what_was_deleted_and_says_how_much()
    {
        using var directory = new ScratchDirectory();
        string image = directory.Below("image");
        NewVolume.InFile(image, Bytes);
        using (FileBlockDevice device = FileBlockDevice.Open(image, new FileBlockDeviceOptions(IsReadOnly: false)))
        {
            Write(device, ops =>
            {
                for (int i = 0; i < 20; i++) _ = RecoveryTests.MakeFile(ops, $"f{i}", 200_000, (ulong)i);
                Assert.Equal(Errno.None, ops.Sync());
                for (int i = 0; i < 20; i += 2) Remove(ops, $"f{i}");
                Assert.Equal(Errno.None, ops.Sync());
            });
            // A mount that writes keeps it away.
            Assert.Equal(Hammer2.Tool.ExitCode.CannotOpen, ToolRun.Execute("bulkfree", image).ExitCode);
        }
        ToolRun run = ToolRun.Execute("bulkfree", image, "--json");
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.True(run.Json.GetProperty("freed").GetInt64() > 1 << 20, run.ToString());
        Assert.Equal(0, ToolRun.Execute("fsck", image).ExitCode);
        using FileBlockDevice after = FileBlockDevice.Open(image);
        MediaAudit.AssertSound(after, "afterwards", allowsOrphans: false);
    }

    private static void Write(IBlockDevice device, Action<VnodeOps> play)
    {
        using ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        play(new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance));
    }

    private static void Remove(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), out ulong inum));
        Assert.Equal(Errno.None, ops.Forget(inum));
    }

    private static void MakeRoom(VnodeOps ops, ScriptPlayer player)
    {
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, "model"u8, new NewObject(ObjectType.Directory, UnixMode.O755), new Credentials(0, 0),
            out VnodeAttributes made));
        player.Model.Root.Inum = made.Inum;
    }

    private static void Same(ScriptPlayer player, VnodeOps ops)
    {
        string expected = TreeListing.Of(player.Model.Root), found = TreeListing.Of(ops, player.Model.Root.Inum);
        Assert.True(expected == found, TreeListing.Difference(expected, found));
    }

    private static ulong FreeOf(IBlockDevice device)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(device)]);
        (_, _, ulong free) = MediaAudit.Measure(volumes);
        // Before the first allocation there is no leaf.
        return free == 0 ? volumes.Header.Fields.AllocatorFree : free;
    }

    private static void AssertHeaderIsExact(IBlockDevice device)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(device)]);
        (_, _, ulong free) = MediaAudit.Measure(volumes);
        Assert.Equal(free, volumes.Header.Fields.AllocatorFree);
    }
}
