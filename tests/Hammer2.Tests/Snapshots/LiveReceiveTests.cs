// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Snapshots.Streams;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>Goal: what a filesystem receives while it is mounted and written equals what was sent; a stream that is cut
/// anywhere, by its end or by power, leaves a PFS that is marked as not whole, that fsck accepts, that cannot be
/// mounted, deleted or sent, and that the same stream completes. Method: drawn histories, sent as increments, received
/// in small parts beside operations and bulkfree; cuts at drawn places.</summary>
public sealed class LiveReceiveTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(8));

    [Theory, MemberData(nameof(Seeds))]
    public void Snapshots_received_beside_a_mount_equal_those_that_were_sent(ulong seed)
    {
        using IBlockDevice source = SnapshotHistory.Play(seed, snapshots: 3, steps: 200);
        using MemoryBlockDevice target = NewVolume.InMemory(seed: seed + 100);
        var random = new SeededRandom(seed);
        using (ClusterMount mount = SizedFilesystem.Open([target], out VnodeOps ops))
        {
            ScriptPlayer player = SizedFilesystem.Begin(ops, random);
            for (int i = 0; i < 3; i++)
            {
                byte[] stream = StreamTests.Send(source, $"s{i}", i == 0 ? null : $"s{i - 1}");
                Receive(mount, stream, seed, () =>
                {
                    player.Play(ops, 1);
                    if (random.OneIn(20)) Assert.Equal(Errno.None, ops.Sync());
                    if (random.OneIn(50)) Reclaim(ops);
                });
            }
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
            Reclaim(ops);
            Reclaim(ops);
        }
        for (int i = 0; i < 3; i++) StreamTests.AssertEqual(source, $"s{i}", target, $"s{i}");
        MediaAudit.AssertSound(target, $"seed {seed}");
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_cut_stream_leaves_a_part_that_the_same_stream_completes(ulong seed)
    {
        using IBlockDevice source = SnapshotHistory.Play(seed, snapshots: 2, steps: 200);
        using MemoryBlockDevice target = NewVolume.InMemory(seed: seed + 100);
        var random = new SeededRandom(seed);
        StreamTests.Receive(target, StreamTests.Send(source, "s0", null));
        byte[] whole = StreamTests.Send(source, "s1", random.OneIn(2) ? "s0" : null);
        int[] cuts = [.. Enumerable.Range(0, 4).Select(_ => random.Below(whole.Length)).Order(), whole.Length];
        foreach (int length in cuts)
        {
            using (ClusterMount mount = SizedFilesystem.Open([target], out VnodeOps ops))
            {
                if (length == whole.Length) Receive(mount, whole, seed, static () => { });
                else _ = Refused(mount, whole[..length], seed);
                if (length < whole.Length && HasPart(target))
                {
                    byte[] label = "s1"u8.ToArray();
                    Assert.Equal(Hammer2Error.Held, Administer(mount).Delete(label, out _));
                    Assert.Contains("another one", Refused(mount, StreamTests.Send(source, "s0", null), seed, "s1"),
                        StringComparison.Ordinal);
                }
                Reclaim(ops);
            }
            if (length == whole.Length) continue;
            AssertAccepted(target, $"seed {seed}, cut at {length}");
            Assert.Throws<PfsException>(() => ModelMount.Open([target], "s1").Dispose());
        }
        StreamTests.AssertEqual(source, "s1", target, "s1");
        MediaAudit.AssertSound(target, $"seed {seed}");
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Power_that_fails_leaves_what_the_same_stream_completes(ulong seed)
    {
        using IBlockDevice source = SnapshotHistory.Play(seed, snapshots: 1, steps: 150);
        byte[] stream = StreamTests.Send(source, "s0", null);
        using MemoryBlockDevice before = NewVolume.InMemory(seed: seed + 100);
        var history = new WriteHistory(before);
        var random = new SeededRandom(seed);
        using (ClusterMount mount = SizedFilesystem.Open(history.Open(), out VnodeOps ops))
        {
            ScriptPlayer player = SizedFilesystem.Begin(ops, random);
            Receive(mount, stream, seed, () => player.Play(ops, 1));
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        DrawnCuts.Run(history, random, 1, DrawnCuts.CountForScript(8, 96), $"seed {seed}", (position, devices, place) =>
        {
            AssertAccepted(devices[0], place);
            using (ClusterMount mount = SizedFilesystem.Open(devices, out _))
            {
                if (!IsWhole(devices[0])) Receive(mount, stream, seed, static () => { });
            }
            StreamTests.AssertEqual(source, "s0", devices[0], "s0");
            AssertAccepted(devices[0], place);
        });
    }

    [Fact]
    public void What_was_received_in_part_is_deleted_on_request()
    {
        using IBlockDevice source = SnapshotHistory.Play(seed: 6, snapshots: 1, steps: 200);
        using MemoryBlockDevice target = NewVolume.InMemory(seed: 77);
        byte[] whole = StreamTests.Send(source, "s0", null), label = "s0"u8.ToArray();
        using (ClusterMount mount = SizedFilesystem.Open([target], out _))
        {
            Assert.Equal(Hammer2Error.NoEntry, Administer(mount).DeleteReceived(label));
            Assert.Contains("ends", Refused(mount, whole[..(whole.Length * 3 / 4)], 1), StringComparison.Ordinal);
            Assert.True(HasPart(target));
            Assert.Equal(Hammer2Error.None, Administer(mount).DeleteReceived(label));
            StreamTests.AssertUnchanged(target);
            Receive(mount, whole, 1, static () => { });
            Assert.Equal(Hammer2Error.Invalid, Administer(mount).DeleteReceived(label));
            Assert.Contains("exists already", Refused(mount, whole, 1), StringComparison.Ordinal);
        }
        AssertAccepted(target, "deleted");
    }

    [Fact]
    public void What_a_mount_received_in_part_is_completed_without_it_by_the_same_stream_alone()
    {
        using IBlockDevice source = SnapshotHistory.Play(seed: 6, snapshots: 2, steps: 200);
        using MemoryBlockDevice target = NewVolume.InMemory(seed: 77);
        byte[] whole = StreamTests.Send(source, "s0", null), other = StreamTests.Send(source, "s1", null);
        using (ClusterMount mount = SizedFilesystem.Open([target], out _))
            _ = Refused(mount, whole[..(whole.Length * 3 / 4)], 1);
        Assert.Contains("another one has been received in part",
            Assert.Throws<StreamException>(() => Offline(target, other)).Message, StringComparison.Ordinal);
        Assert.Contains("ends", Assert.Throws<StreamException>(
            () => Offline(target, whole[..(whole.Length * 4 / 5)])).Message, StringComparison.Ordinal);
        AssertAccepted(target, "in part");
        Offline(target, whole);
        StreamTests.AssertEqual(source, "s0", target, "s0");
        Assert.Contains("exists already",
            Assert.Throws<StreamException>(() => Offline(target, whole)).Message, StringComparison.Ordinal);
        AssertAccepted(target, "whole");
    }

    private static void Offline(MemoryBlockDevice target, byte[] stream) => StreamTests.Receive(target, stream, "s0");

    private static void Receive(ClusterMount mount, byte[] stream, ulong seed, Action beside, string? label = null)
    {
        ulong ids = seed + (ulong)stream.Length;
        using var nodes = ReceivingNodes.Of(mount.Pfs);
        _ = LiveReceiver.Receive(nodes, new MemoryStream(stream), new LiveReceiving(
            label is null ? null : Encoding.ASCII.GetBytes(label),
            () => ids = (ids * 6364136223846793005) + 1442695040888963407, TimeProvider.System,
            static body => body(), static (_, _) => new MemoryStream(), () =>
            {
                beside();
                return false;
            })
        {
            PartBytes = 32 << 10,
        });
    }

    private static string Refused(ClusterMount mount, byte[] stream, ulong seed, string? label = null) =>
        Assert.Throws<StreamException>(() => Receive(mount, stream, seed, static () => { }, label)).Message;

    private static PfsAdministration Administer(ClusterMount mount)
    {
        ulong ids = 5;
        return new PfsAdministration(mount.Pfs, static _ => null, TimeProvider.System, () => ids++);
    }

    private static void Reclaim(VnodeOps ops) =>
        Assert.Equal(Errno.None, ops.Reclaim(new ReclaimOptions(false, static () => false), out _));

    private static bool HasPart(IBlockDevice disk) => RolesOf(disk).Contains(InodeMeta.ReceivingRole);

    private static bool IsWhole(IBlockDevice disk)
    {
        using var filesystem = SnapshotHistory.Open(disk);
        return filesystem.Entries.Any(entry =>
            entry.Label.SequenceEqual("s0"u8) && entry.Root.Meta.PfsRole == (byte)PfsType.Master);
    }

    private static List<byte> RolesOf(IBlockDevice disk)
    {
        using var filesystem = SnapshotHistory.Open(disk);
        return [.. filesystem.Entries.Select(entry => entry.Root.Meta.PfsRole)];
    }

    private static void AssertAccepted(IBlockDevice disk, string place)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        if (!HasPart(disk))
        {
            SizedFilesystem.AssertClean(volumes, place);
            return;
        }
        // Its names are those of the whole.
        SizedFilesystem.AssertAccepted(volumes, place);
        Assert.Contains(FilesystemChecker.Check(volumes).Findings, finding => finding.Code == FsckCode.NotJudged);
    }
}
