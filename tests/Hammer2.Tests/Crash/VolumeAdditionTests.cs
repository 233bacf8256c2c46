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
/// Goal: a filesystem gets volumes while it is written, each as a whole: after power failed it has the volume or does
/// not, all that was synced, and is sound; every header of every volume has the right numbers; an interrupted addition
/// opens, and can be made again. Method: a drawn script mixed with additions to sets of 1 to 3 volumes, whose last one
/// has whole GiB, uses the rest of its device, or is cut; power that fails again and again. Each cut is opened with the
/// next device and without, checked, written, and gets the volumes that it lacks. HAMMER2_SEED=n replays one;
/// HAMMER2_POWER_CUTS=n tries n cuts in place of 96.
/// </summary>
public sealed class VolumeAdditionTests
{
    private const int Scripts = 8;
    private const int CutsUsual = 96;
    private const int Additions = 3;
    private const ulong Mebi = 1 << 20;
    private const ulong Gibi = 1 << 30;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(Scripts));

    [Theory, MemberData(nameof(Seeds))]
    public void A_volume_is_added_as_a_whole(ulong seed)
    {
        var random = new SeededRandom(seed);
        (ulong[] lengths, ulong spare) = (seed % 4) switch
        {
            0 => (new[] { Gibi }, 0UL),
            1 => ([(2 * Gibi) + (512 * Mebi)], 0),
            2 => ([Gibi, Gibi + (256 * Mebi)], Gibi),
            _ => ([Gibi, 2 * Gibi, Gibi + (8 * Mebi)], 0),
        };
        IBlockDevice[] before = Make(seed, random, lengths, spare);
        var history = new WriteHistory(before);
        var sizes = new List<ulong>();
        int firstCut = Play(history, random, lengths.Length, sizes);
        DrawnCuts.Run(history, random, firstCut, DrawnCuts.CountForScript(Scripts, CutsUsual), $"seed {seed}",
            (position, devices, place) =>
            {
                int acknowledged = 0;
                for (int i = 0; i < position; i++)
                {
                    if (history.Events[i].Kind == HistoryKind.Mark)
                        acknowledged = int.Parse(history.Events[i].Mark, CultureInfo.InvariantCulture);
                }
                ulong[] possible = [.. sizes.Skip(acknowledged).Take(2)];
                Judge(devices, lengths.Length + acknowledged, possible, acknowledged, place);
            });
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Power_that_fails_while_nodes_of_a_cluster_get_volumes_leaves_none_behind(ulong seed)
    {
        var random = new SeededRandom(seed);
        const int Nodes = 3;
        IBlockDevice[] before = [.. Enumerable.Range(0, 2 * Nodes).Select(
            index => new MemoryBlockDevice((long)(Gibi + (8 * Mebi)), $"n{index % Nodes}v{index / Nodes}"))];
        for (int node = 0; node < Nodes; node++)
            NewVolume.Format([before[node]], NewVolume.Describe(seed, node, Nodes));
        var history = new WriteHistory(before);
        int firstCut;
        IBlockDevice[] live = history.Open();
        using (var opened = new OpenedPfses(live[..Nodes], [(NewVolume.ClusterLabel, Nodes)], seed))
        {
            VnodeOps ops = opened.Ops[0];
            firstCut = history.Events.Count;
            for (int node = 0; node < Nodes; node++)
            {
                _ = SizedFilesystem.Create(ops, $"s{node}");
                if (random.OneIn(2)) Assert.Equal(Errno.None, ops.Sync());
                Assert.Equal(Hammer2Error.None, VolumeAddition.Run(opened.Pfses[0].Nodes[node].Device,
                    new UnownedDevice(live[Nodes + node]), 0, out _));
            }
            _ = SizedFilesystem.Create(ops, "end");
            Assert.Equal(Errno.None, ops.Sync());
        }
        DrawnCuts.Run(history, random, firstCut, DrawnCuts.CountForScript(Scripts, CutsUsual), $"seed {seed}",
            (position, devices, place) =>
            {
                VolumeSet[] sets = [.. Enumerable.Range(0, Nodes).Select(
                    node => OpenWith(devices[node], devices[Nodes + node]))];
                using var opened = new OpenedPfses(sets, [(NewVolume.ClusterLabel, Nodes)], (ulong)position);
                Assert.True(opened.Pfses[0].Nodes.All(node => node.State == NodeState.Synced), place);
                _ = SizedFilesystem.Create(opened.Ops[0], "after");
                Assert.Equal(Errno.None, opened.Ops[0].Sync());
                foreach (VolumeSet set in sets) SizedFilesystem.AssertClean(set, place);
            });
    }

    [Theory]
    [InlineData(2, 1, 1024, 1024, 512, 0, 1024, 512)]
    [InlineData(2, 1, 1024, 5000, 519, 0, 1024, 512)]
    [InlineData(2, 1, 1032, 2048, 512, 0, 2048, 512)]
    [InlineData(2, 1, 1032, 1040, 512, 0, 1024, 512)]
    [InlineData(2, 63, 1024, 1024, 512, 100, 1024, 96)]
    public void A_volume_begins_after_whole_GiB(
        uint version, int count, ulong last, ulong lastDevice, ulong device, ulong wanted, ulong start, ulong length) =>
        Assert.Equal(new AdditionPlan((7 * Gibi) + (start * Mebi), length * Mebi),
            PlanOf(version, count, last, lastDevice, device, wanted));

    [Theory]
    [InlineData(1, 1, 1024, 1024, 512, 0, "format version 1")]
    [InlineData(2, 64, 1024, 1024, 512, 0, "64 volumes")]
    [InlineData(2, 1, 1024, 1024, 7, 0, "at least")]
    [InlineData(2, 1, 1024, 1024, 512, 520, "less than")]
    [InlineData(2, 1, 512, 512, 512, 0, "less than the GiB")]
    [InlineData(2, 1, 2040, 2040, 512, 0, "would be cut")]
    public void What_is_impossible_is_refused(
        uint version, int count, ulong last, ulong lastDevice, ulong device, ulong wanted, string reason) =>
        Assert.Contains(
            reason, PlanOf(version, count, last, lastDevice, device, wanted).Refusal, StringComparison.Ordinal);

    [Fact]
    public void The_space_gained_can_be_filled_and_is_counted()
    {
        IBlockDevice[] devices = Make(7, new SeededRandom(7), [Gibi + (24 * Mebi)], 0);
        using (ClusterMount mount = SizedFilesystem.Open(devices[..1], out VnodeOps ops))
        {
            PfsSpace before = ops.GetSpace();
            AdditionPlan plan = Add(mount, devices[1], 0);
            Assert.Equal(Gibi, plan.Start);
            PfsSpace after = ops.GetSpace();
            // The first 4 MiB of each GiB are reserved.
            ulong gained = plan.LengthBytes - (24 * Mebi) - ((plan.LengthBytes - 1) / Gibi * 4 * Mebi);
            Assert.Equal((gained, gained), (after.TotalBytes - before.TotalBytes, after.FreeBytes - before.FreeBytes));
            byte[] data = new byte[1 << 20];
            ulong file = SizedFilesystem.Create(ops, "big");
            for (ulong at = 0; at < (1000 * Mebi) >> 20; at++)
            {
                new Random((int)at).NextBytes(data);
                Assert.Equal(Errno.None, ops.Write(file, at << 20, data, dropsPrivileges: false));
            }
            Assert.Equal(Errno.None, ops.Sync());
        }
        AssertWhole(devices[..2], "filled");
    }

    [Fact]
    public void Blocks_past_the_last_whole_GiB_prevent_it()
    {
        IBlockDevice[] devices = Make(9, new SeededRandom(9), [Gibi + (24 * Mebi)], 0);
        using (ClusterMount mount = SizedFilesystem.Open(devices[..1], out VnodeOps ops))
        {
            ulong file = SizedFilesystem.Create(ops, "all");
            byte[] data = new byte[1 << 20];
            Errno error = Errno.None;
            for (ulong at = 0; error == Errno.None; at++)
            {
                new Random((int)at).NextBytes(data);
                error = ops.Write(file, at << 20, data, dropsPrivileges: false);
            }
            Assert.Equal((Errno.ENOSPC, Errno.None), (error, ops.Sync()));
            using var added = new UnownedDevice(devices[1]);
            Assert.Equal(Hammer2Error.Busy, VolumeAddition.Run(mount.Pfs.Nodes[0].Device, added, 0, out _));
        }
        AssertWhole(devices[..1], "full");
        Assert.Throws<NotHammer2Exception>(() => VolumeSet.Open([new UnownedDevice(devices[1])]));
    }

    private static AdditionPlan PlanOf(
        uint version, int count, ulong last, ulong lastDevice, ulong device, ulong wanted) => AdditionPlan.Of(
        new ExtendedFilesystem(version, count, 7 * Gibi, last * Mebi, lastDevice * Mebi), device * Mebi, wanted * Mebi);

    // The volumes with their devices, the last of which may be longer, and further devices to be added.
    private static IBlockDevice[] Make(ulong seed, SeededRandom random, ulong[] lengths, ulong spareBytes)
    {
        var devices = new List<IBlockDevice>();
        foreach (ulong bytes in lengths)
        {
            bool isLast = devices.Count == lengths.Length - 1;
            devices.Add(new MemoryBlockDevice((long)(isLast ? bytes + spareBytes : bytes), $"v{devices.Count}"));
        }
        NewVolume.Format(devices, NewVolume.Describe(seed) with { Sizes = lengths });
        for (int i = 0; i < Additions; i++)
        {
            ulong bytes = Gibi + ((ulong)random.Below(400) * 8 * Mebi) + 4096;
            devices.Add(new MemoryBlockDevice((long)bytes, $"a{i}"));
        }
        return [.. devices];
    }

    private static int Play(WriteHistory history, SeededRandom random, int count, List<ulong> sizes)
    {
        IBlockDevice[] devices = history.Open();
        using ClusterMount mount = SizedFilesystem.Open(devices[..count], out VnodeOps ops);
        VolumeSet volumes = mount.Pfs.Nodes[0].Device.Volumes;
        ScriptPlayer player = SizedFilesystem.Begin(ops, random);
        sizes.Add(volumes.TotalBytes);
        int firstCut = history.Events.Count;
        for (int step = 0; step < Additions; step++)
        {
            player.Play(ops, 6);
            _ = SizedFilesystem.Create(ops, $"s{step}");
            Assert.Equal(Errno.None, ops.Sync());
            player.Play(ops, 2);
            AdditionPlan plan = Add(mount, devices[count + step], 0);
            Assert.Equal(plan.Start + plan.LengthBytes, volumes.TotalBytes);
            sizes.Add(volumes.TotalBytes);
            history.Mark((step + 1).ToString(CultureInfo.InvariantCulture));
        }
        player.ForgetAll(ops);
        Assert.Equal(Errno.None, ops.Sync());
        return firstCut;
    }

    private static void Judge(IBlockDevice[] devices, int count, ulong[] sizes, int acknowledged, string place)
    {
        count = CountOf(devices, count, sizes, place);
        using (ClusterMount mount = SizedFilesystem.Open(devices[..count], out VnodeOps ops))
        {
            for (int step = 0; step < acknowledged; step++)
            {
                Assert.Equal(Errno.None,
                    ops.Lookup(VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes($"s{step}"), out _));
            }
            _ = SizedFilesystem.Create(ops, "after");
            Assert.Equal(Errno.None, ops.Sync());
        }
        AssertWhole(devices[..count], place);
        if (count == devices.Length) return;
        using (ClusterMount mount = SizedFilesystem.Open(devices[..count], out VnodeOps ops))
        {
            _ = Add(mount, devices[count], 0);
            _ = SizedFilesystem.Create(ops, "last");
            Assert.Equal(Errno.None, ops.Sync());
        }
        AssertWhole(devices[..(count + 1)], $"{place}, added again");
    }

    // With the device that may have become a volume, unless it has no header.
    private static VolumeSet OpenWith(OverlayBlockDevice root, OverlayBlockDevice added)
    {
        try
        {
            return VolumeSet.Open([new UnownedDevice(root), new UnownedDevice(added)]);
        }
        catch (NotHammer2Exception refusal) when (refusal.DeviceName == added.Name)
        {
            return VolumeSet.Open([new UnownedDevice(root)]);
        }
    }

    // How many volumes there are. Opened with a device that is no volume yet, for writing too, it has those of before.
    private static int CountOf(IBlockDevice[] devices, int count, ulong[] sizes, string place)
    {
        if (count == devices.Length) return count;
        int with;
        bool isLeft;
        try
        {
            using VolumeSet volumes = VolumeSet.Open([.. devices[..(count + 1)].Select(one => new UnownedDevice(one))]);
            with = volumes.Volumes.Count;
            isLeft = volumes.Joining is not null;
            Assert.Contains(volumes.TotalBytes, sizes);
            Assert.Equal(isLeft, with == count);
        }
        catch (NotHammer2Exception refusal) when (refusal.DeviceName == devices[count].Name)
        {
            return count;
        }
        if (!isLeft) return with;
        using (ClusterMount mount = SizedFilesystem.Open(devices[..(count + 1)], out VnodeOps ops))
        {
            _ = SizedFilesystem.Create(ops, "beside");
            Assert.Equal(Errno.None, ops.Sync());
        }
        NotHammer2Exception erased = Assert.Throws<NotHammer2Exception>(
            () => VolumeSet.Open([new UnownedDevice(devices[count])]));
        Assert.True(erased.DeviceName == devices[count].Name, place);
        return count;
    }

    private static AdditionPlan Add(ClusterMount mount, IBlockDevice device, ulong wantedBytes)
    {
        Hammer2Error error = VolumeAddition.Run(
            mount.Pfs.Nodes[0].Device, new UnownedDevice(device), wantedBytes, out AdditionPlan plan);
        Assert.Equal((Hammer2Error.None, null), (error, plan.Refusal));
        return plan;
    }

    // Every copy of every header has the numbers of the set.
    private static void AssertWhole(IBlockDevice[] devices, string place)
    {
        using VolumeSet volumes = VolumeSet.Open([.. devices.Select(device => new UnownedDevice(device))]);
        Assert.Equal(devices.Length, volumes.Volumes.Count);
        foreach (Volume volume in volumes.Volumes)
        {
            foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
            {
                if (copy.Header is not { } header) continue;
                ref readonly VolumeHeaderSector fields = ref header.Fields;
                Assert.True(fields.VolumeIndex == volume.Index && fields.VolumesTotal == volumes.Volumes.Count
                    && fields.VolumeBytes == volume.LengthBytes && fields.TotalBytes == volumes.TotalBytes,
                    $"{place}: {volume.Device.Name}, copy {copy.CopyIndex}");
                for (int index = 0; index < Media.VolumesMax; index++)
                {
                    ulong start = index < volumes.Volumes.Count
                        ? volumes.Volumes[index].Start : VolumeHeaderView.VolumeStartUnused;
                    Assert.Equal(start, header.VolumeStarts[index]);
                }
            }
        }
        SizedFilesystem.AssertClean(volumes, place);
    }
}
