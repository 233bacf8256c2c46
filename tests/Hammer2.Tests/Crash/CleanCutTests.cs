// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: a clean cut of power never leaves a node behind. Each device keeps any subset of what no barrier covered, torn
/// at sectors, volume headers included, and each stands at a point of its own in what nodes do side by side; every node
/// that was synced is synced again at the next mount, which is writable, and all nodes are equal.
/// Method: a drawn script is recorded once on each kind of cluster and cut again and again, half of the time near a
/// write of a volume header; in a third of the cuts power fails again during the next mount. HAMMER2_SEED=n replays one
/// script; HAMMER2_CLEAN_CUTS=n cuts each kind n times instead of 48.
/// </summary>
public sealed class CleanCutTests(ITestOutputHelper output)
{
    private const long ManyHeaders = (6L << 30) + (8 << 20);
    private const long OneHeader = 256L << 20;
    private const int CutsUsual = 48;
    private const int CutsPerScript = 24;

    private static readonly Credentials Caller = new(0, 0);

    /// <summary>The kinds of clusters.</summary>
    public enum Kind
    {
        TwoMasters,
        TwoMastersOneHeader,
        ThreeMasters,
        ThreeMastersOneHeader,
        ThreeWithOneOut,
        ThreeWithOneOutOneHeader,
        SecondPfs,
        SecondPfsOneHeader,
        NoCheckCodes,
        DisabledCheckCodes,
    }

    public static TheoryData<Kind> Kinds => new(Enum.GetValues<Kind>());

    private static int CutsWanted =>
        Environment.GetEnvironmentVariable("HAMMER2_CLEAN_CUTS") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : CutsUsual;

    [Theory, MemberData(nameof(Kinds))]
    public void Every_synced_node_is_synced_again(Kind kind)
    {
        int tried = 0, adopted = 0;
        foreach (ulong seed in SeededRandom.Seeds((CutsWanted + CutsPerScript - 1) / CutsPerScript))
        {
            var random = new SeededRandom(seed + ((ulong)kind << 32));
            RecordedScript script = Record(kind, random);
            var cuts = new PowerCuts(script.History);
            foreach (int position in Positions(script, random))
            {
                cuts.AdvanceTo(position);
                string place = $"{kind}, seed {seed}, cut after event {position} of {script.History.Events.Count}";
                OverlayBlockDevice[] devices = cuts.Cut(random, SideBySideEnd(script.History, position));
                if (random.OneIn(3)) devices = CutRecovery(script, devices, random);
                adopted += Judge(kind, script, devices, position, random, place);
                tried++;
            }
        }
        output.WriteLine($"{tried} cuts, {adopted} nodes finished a prepared commit");
    }

    // Power fails again while the next mount finishes what the first cut left.
    private static OverlayBlockDevice[] CutRecovery(
        RecordedScript script, OverlayBlockDevice[] devices, SeededRandom random)
    {
        var history = new WriteHistory([.. devices]);
        using (ClusterMount mount = RecordedScript.Mount(history.Open(), script.Label))
            _ = mount.Pfs.OpenForWriting(RecordedScript.Options(random.NextUInt64(), history));
        var cuts = new PowerCuts(history);
        int position = random.Below(history.Events.Count + 1);
        cuts.AdvanceTo(position);
        return cuts.Cut(random, SideBySideEnd(history, position));
    }

    private static RecordedScript Record(Kind kind, SeededRandom random)
    {
        int nodes = kind is Kind.TwoMasters or Kind.TwoMastersOneHeader ? 2 : 3;
        IBlockDevice[] devices = Make(kind, nodes);
        bool isOneOut = kind is Kind.ThreeWithOneOut or Kind.ThreeWithOneOutOneHeader;
        if (isOneOut)
        {
            // All three hold a commit; what comes after it the third never sees.
            using ClusterMount all = RecordedScript.Mount(devices, NewVolume.ClusterLabel);
            Assert.Equal(Hammer2Error.None, all.Pfs.OpenForWriting(RecordedScript.Options(random.NextUInt64())));
        }
        IBlockDevice[] played = isOneOut ? devices[..2] : devices;
        var history = new WriteHistory(played);
        bool hasSecond = kind is Kind.SecondPfs or Kind.SecondPfsOneHeader;
        int sessions = 0;
        Action<IBlockDevice[]> second = open => WriteBeside(history, open[1], ++sessions, random);
        return RecordedScript.Play(
            random, history, NewVolume.ClusterLabel, 10 + random.Below(30), hasSecond ? second : null);
    }

    private static IBlockDevice[] Make(Kind kind, int nodes)
    {
        bool hasOneHeader = kind is Kind.TwoMastersOneHeader or Kind.ThreeMastersOneHeader
            or Kind.ThreeWithOneOutOneHeader or Kind.SecondPfsOneHeader;
        CheckMethod check = kind switch
        {
            Kind.NoCheckCodes => CheckMethod.None,
            Kind.DisabledCheckCodes => CheckMethod.Disabled,
            _ => CheckMethod.XxHash64,
        };
        var devices = new IBlockDevice[nodes];
        for (int node = 0; node < nodes; node++)
        {
            devices[node] = new MemoryBlockDevice(hasOneHeader ? OneHeader : ManyHeaders, $"n{node}");
            var wanted = NewVolume.Describe(1, node, nodes);
            NewVolume.Format(
                [devices[node]],
                wanted with { Pfses = [.. wanted.Pfses.Select(pfs => pfs with { Check = check })] });
        }
        return devices;
    }

    // Another PFS of a device that holds a node commits, and acknowledges.
    private static void WriteBeside(WriteHistory history, IBlockDevice device, int session, SeededRandom random)
    {
        using ClusterMount mount = RecordedScript.Mount([device], "LOCAL");
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(RecordedScript.Options(random.NextUInt64())));
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        byte[] name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"beside{session}"));
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, name, new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out _));
        Assert.Equal(Errno.None, ops.Sync());
        history.Mark(string.Create(CultureInfo.InvariantCulture, $"beside{session}"));
    }

    private static int[] Positions(RecordedScript script, SeededRandom random)
    {
        var headers = new List<int>();
        for (int i = script.FirstCut; i < script.History.Events.Count; i++)
        {
            HistoryEvent what = script.History.Events[i];
            if (what.Kind == HistoryKind.Write && what.Offset % Media.HeaderZoneBytes == 0) headers.Add(i);
        }
        int span = script.History.Events.Count - script.FirstCut - 1;
        return [.. Enumerable.Range(0, CutsPerScript)
            .Select(_ => random.OneIn(2)
                ? Math.Min(random.Pick<int>([.. headers]) + random.Below(3), script.History.Events.Count - 1)
                : script.FirstCut + 1 + random.Below(span))
            .Order()];
    }

    // Between two marks nodes work side by side: the first of each pair stands before their steps.
    private static int SideBySideEnd(WriteHistory history, int position)
    {
        int marks = 0;
        for (int i = 0; i < position; i++) if (history.Events[i].Mark == RecordedScript.SideBySide) marks++;
        if (marks % 2 == 0) return position;
        int end = position;
        while (end < history.Events.Count && history.Events[end].Mark != RecordedScript.SideBySide) end++;
        return end;
    }

    private static int Judge(
        Kind kind, RecordedScript script, OverlayBlockDevice[] devices, int position, SeededRandom random, string place)
    {
        foreach (OverlayBlockDevice device in devices) MediaAudit.AssertSound(device, $"{place}, {device.Name}");
        int adopted = 0;
        using (ClusterMount mount = RecordedScript.Mount(devices, script.Label))
        {
            AssertLevel(mount, place);
            adopted = mount.Pfs.View.Members.Count(node => node.Facts.Prepared == mount.Pfs.Membership.Commit);
            var read = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            string found = TreeListing.Of(read, script.Root);
            Assert.True(script.StatesAt(position).ToArray().Contains(found), $"{place}: a state that never was");
            Hammer2Error opened = mount.Pfs.OpenForWriting(RecordedScript.Options(random.NextUInt64()));
            Assert.True(opened == Hammer2Error.None, $"{place}: {opened}");
            Assert.Equal(found, TreeListing.Of(read, script.Root));
            Assert.Equal(Errno.None, read.Create(
                VnodeOps.RootInum, "after"u8, new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out _));
            Assert.Equal(Errno.None, read.Sync());
        }
        AssertEqualNodes(devices, place);
        if (kind is Kind.SecondPfs or Kind.SecondPfsOneHeader) AssertBeside(script, devices[1], position, place);
        using ClusterMount again = RecordedScript.Mount(devices, script.Label);
        AssertLevel(again, place);
        return adopted;
    }

    private static void AssertLevel(ClusterMount mount, string place)
    {
        string nodes = string.Join(", ", mount.Pfs.View.Members.Select(node =>
            $"{node.Name} {node.State} {node.Facts}"));
        Assert.True(mount.Pfs.View.Members.All(node => node.State == NodeState.Synced), $"{place}: {nodes}");
        WriteObstacle obstacle = mount.Pfs.Membership.Obstacle;
        Assert.True(obstacle == WriteObstacle.None, $"{place}: {obstacle}, {nodes}");
    }

    private static void AssertEqualNodes(OverlayBlockDevice[] devices, string place)
    {
        foreach (OverlayBlockDevice device in devices) MediaAudit.AssertSound(device, $"{place}, {device.Name} after");
        VolumeSet[] sets = [.. devices.Select(device => VolumeSet.Open([new UnownedDevice(device)]))];
        ClusterReport report = Assert.Single(ClusterCompare.Run(sets, new FsckOptions()));
        Assert.True(report.IsClean, $"{place}: {string.Join('\n', report.Findings)}");
        foreach (VolumeSet set in sets) set.Dispose();
    }

    private static void AssertBeside(RecordedScript script, IBlockDevice device, int position, string place)
    {
        using ClusterMount mount = RecordedScript.Mount([device], "LOCAL");
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        for (int i = 0; i < position; i++)
        {
            string mark = script.History.Events[i].Mark;
            if (!mark.StartsWith("beside", StringComparison.Ordinal)) continue;
            Errno error = ops.Lookup(VnodeOps.RootInum, Encoding.ASCII.GetBytes(mark), out _);
            Assert.True(error == Errno.None, $"{place}: {mark} of the other PFS: {error}");
        }
    }
}
