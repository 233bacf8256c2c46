// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Chains.Commits;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: a filesystem of one volume or several grows while it is written, as a whole: after power failed it has the
/// size before or after, all that was synced, and is sound; the new space can be used; what is impossible is refused
/// and changes nothing.
/// Method: devices longer than their filesystem, a drawn script mixed with growing, and power that fails again and
/// again from the first growing on. Each cut is opened, checked, and grown and written further.
/// HAMMER2_SEED=n replays one; HAMMER2_POWER_CUTS=n tries n cuts in place of 96.
/// </summary>
public sealed class GrowthTests
{
    private const int Scripts = 8;
    private const int CutsUsual = 96;
    private const ulong Mebi = 1 << 20;
    private const ulong Gibi = 1 << 30;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(Scripts));

    private static int CutsForScript => DrawnCuts.CountForScript(Scripts, CutsUsual);

    [Theory]
    [InlineData(64, 128, 0, 128, true)]
    [InlineData(64, 131, 0, 128, true)]
    [InlineData(64, 128, 100, 96, true)]
    [InlineData(64, 64, 0, 64, false)]
    [InlineData(64, 71, 0, 64, false)]
    [InlineData(64, 128, 64, 64, false)]
    public void A_length_is_rounded_down_to_8_MiB(
        ulong present, ulong device, ulong wanted, ulong expected, bool isChanged) =>
        Assert.Equal(new GrowthPlan(expected * Mebi, isChanged),
            GrowthPlan.Of(present * Mebi, device * Mebi, wanted * Mebi));

    [Theory]
    [InlineData(64, 128, 129)]
    [InlineData(64, 128, 56)]
    [InlineData(64, 32, 0)]
    public void Shrinking_and_what_the_device_does_not_have_are_refused(ulong present, ulong device, ulong wanted) =>
        Assert.NotNull(GrowthPlan.Of(present * Mebi, device * Mebi, wanted * Mebi).Refusal);

    [Theory, MemberData(nameof(Seeds))]
    public void Growing_happens_as_a_whole(ulong seed)
    {
        var random = new SeededRandom(seed);
        ulong[] lengths = (seed % 4) switch
        {
            0 => [256 * Mebi],
            1 => [Gibi + (512 * Mebi)],
            2 => [Gibi, 256 * Mebi],
            _ => [Gibi, 2 * Gibi, Gibi + (8 * Mebi)],
        };
        IBlockDevice[] before = Make(seed, lengths, lastDeviceBytes: lengths[^1] + (5 * Gibi));
        var history = new WriteHistory(before);
        var sizes = new List<ulong> { Total(lengths) };
        int firstCut = Play(history, random, sizes);
        DrawnCuts.Run(history, random, firstCut, CutsForScript, $"seed {seed}", (position, devices, place) =>
        {
            int acknowledged = 0;
            for (int i = 0; i < position; i++)
            {
                if (history.Events[i].Kind == HistoryKind.Mark)
                    acknowledged = int.Parse(history.Events[i].Mark, CultureInfo.InvariantCulture);
            }
            Judge(devices, [.. sizes.Skip(acknowledged).Take(2)], acknowledged, place);
        });
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Power_that_fails_while_nodes_of_a_cluster_grow_leaves_none_behind(ulong seed)
    {
        var random = new SeededRandom(seed);
        const int Nodes = 3;
        IBlockDevice[] before = [.. Enumerable.Range(0, Nodes).Select(
            node => new MemoryBlockDevice((long)(3 * Gibi), $"n{node}"))];
        for (int node = 0; node < Nodes; node++)
            NewVolume.Format([before[node]], NewVolume.Describe(seed, node, Nodes) with { Sizes = [256 * Mebi] });
        var history = new WriteHistory(before);
        int firstCut;
        using (var opened = new OpenedPfses(history.Open(), [(NewVolume.ClusterLabel, Nodes)], seed))
        {
            VnodeOps ops = opened.Ops[0];
            firstCut = history.Events.Count;
            for (int step = 0; step < 9; step++)
            {
                _ = SizedFilesystem.Create(ops, $"s{step}");
                if (random.OneIn(2)) Assert.Equal(Errno.None, ops.Sync());
                Hammer2Error error = FilesystemGrowth.Run(
                    opened.Pfses[0].Nodes[step % Nodes], (512 + ((ulong)step * 256)) * Mebi, out _);
                Assert.Equal(Hammer2Error.None, error);
            }
            Assert.Equal(Errno.None, ops.Sync());
        }
        DrawnCuts.Judge(history, random, firstCut, CutsForScript, $"seed {seed}", (position, devices, place) =>
        {
            using var opened = new OpenedPfses(devices, [(NewVolume.ClusterLabel, Nodes)], (ulong)position);
            Assert.All(opened.Pfses[0].Nodes, node => Assert.Equal(NodeState.Synced, node.State));
            _ = SizedFilesystem.Create(opened.Ops[0], "after");
            Assert.Equal(Errno.None, opened.Ops[0].Sync());
        });
    }

    [Fact]
    public void The_space_gained_can_be_filled_and_is_counted()
    {
        IBlockDevice[] devices = Make(7, [64 * Mebi], lastDeviceBytes: 3 * Gibi);
        using (ClusterMount mount = SizedFilesystem.Open(devices, out VnodeOps ops))
        {
            PfsSpace before = ops.GetSpace();
            Assert.Equal(Hammer2Error.None, FilesystemGrowth.Run(mount.Pfs.Nodes[0], 0, out GrowthOutcome outcome));
            Assert.Equal(new GrowthOutcome(3 * Gibi, true, 3 * Gibi, null), outcome);
            PfsSpace after = ops.GetSpace();
            // The first 4 MiB of each GiB are reserved.
            Assert.Equal((3 * Gibi) - (64 * Mebi) - (8 * Mebi), after.TotalBytes - before.TotalBytes);
            Assert.Equal((3 * Gibi) - (64 * Mebi) - (8 * Mebi), after.FreeBytes - before.FreeBytes);
            byte[] data = new byte[1 << 20];
            ulong file = SizedFilesystem.Create(ops, "big");
            for (ulong at = 0; at < 200; at++)
            {
                Array.Fill(data, (byte)(at + 1));
                new Random((int)at).NextBytes(data.AsSpan(16));
                Assert.Equal(Errno.None, ops.Write(file, at << 20, data, dropsPrivileges: false));
            }
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(Hammer2Error.None, FilesystemGrowth.Run(mount.Pfs.Nodes[0], 0, out outcome));
            Assert.False(outcome.IsChanged);
        }
        using VolumeSet volumes = VolumeSet.Open([.. devices.Select(device => new UnownedDevice(device))]);
        SizedFilesystem.AssertClean(volumes, "filled");
        // Both copies that fit have the new sizes.
        foreach (VolumeHeaderCopy copy in volumes.Volumes[0].Copies.Copies.Take(2))
            Assert.Equal(3 * Gibi, copy.Header!.Fields.VolumeBytes);
    }

    private static ulong Total(IEnumerable<ulong> lengths) => lengths.Aggregate(0UL, static (sum, one) => sum + one);

    private static IBlockDevice[] Make(ulong seed, ulong[] lengths, ulong lastDeviceBytes)
    {
        IBlockDevice[] devices = [.. lengths.Select((bytes, index) => new MemoryBlockDevice(
            (long)(index == lengths.Length - 1 ? lastDeviceBytes : bytes), $"v{index}"))];
        NewVolume.Format(devices, NewVolume.Describe(seed) with { Sizes = lengths });
        return devices;
    }

    private static int Play(WriteHistory history, SeededRandom random, List<ulong> sizes)
    {
        using ClusterMount mount = SizedFilesystem.Open(history.Open(), out VnodeOps ops);
        ScriptPlayer player = SizedFilesystem.Begin(ops, random);
        int firstCut = history.Events.Count;
        for (int step = 0; step < 8; step++)
        {
            player.Play(ops, 6);
            _ = SizedFilesystem.Create(ops, $"s{step}");
            Assert.Equal(Errno.None, ops.Sync());
            player.Play(ops, 2);
            ulong length = mount.Pfs.Nodes[0].Device.Volumes.Volumes[^1].LengthBytes;
            ulong wanted = step == 7 ? 0 : length + ((ulong)(1 + random.Below(90)) * 8 * Mebi);
            sizes.Add(sizes[^1]);
            ulong limit = (ulong)history.Before[^1].LengthBytes;
            sizes[^1] += (wanted == 0 || wanted > limit ? limit : wanted) - length;
            Hammer2Error error = FilesystemGrowth.Run(
                mount.Pfs.Nodes[0], Math.Min(wanted, limit), out GrowthOutcome outcome);
            Assert.Equal((Hammer2Error.None, sizes[^1]), (error, outcome.TotalBytes));
            history.Mark((sizes.Count - 1).ToString(CultureInfo.InvariantCulture));
        }
        player.ForgetAll(ops);
        Assert.Equal(Errno.None, ops.Sync());
        return firstCut;
    }

    private static void Judge(IBlockDevice[] devices, ulong[] sizes, int acknowledged, string place)
    {
        ulong size;
        using (ClusterMount mount = SizedFilesystem.Open(devices, out VnodeOps ops))
        {
            size = mount.Pfs.Nodes[0].Device.Volumes.TotalBytes;
            Assert.True(sizes.Contains(size), $"{place}: {size}, expected {string.Join(" or ", sizes)}");
            for (int step = 0; step < acknowledged; step++)
            {
                Assert.Equal(Errno.None,
                    ops.Lookup(VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes($"s{step}"), out _));
            }
            _ = SizedFilesystem.Create(ops, "after");
            Assert.Equal(Errno.None, ops.Sync());
        }
        using (VolumeSet volumes = VolumeSet.Open([.. devices.Select(device => new UnownedDevice(device))]))
        {
            Assert.Equal(size, volumes.TotalBytes);
            foreach (Volume volume in volumes.Volumes) Assert.Equal(size, volume.Header.Fields.TotalBytes);
            SizedFilesystem.AssertClean(volumes, place);
        }
        using ClusterMount again = SizedFilesystem.Open(devices, out VnodeOps last);
        Assert.Equal(Hammer2Error.None, FilesystemGrowth.Run(again.Pfs.Nodes[0], 0, out _));
        _ = SizedFilesystem.Create(last, "last");
        Assert.Equal(Errno.None, last.Sync());
    }
}
