// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>
/// Goal: power that fails at any moment of a resynchronization loses nothing, leaves the synced nodes synced and the
/// other one sound, and a later mount finishes it.
/// Method: a node of three is absent for a while and then resynchronized amid operations, in one go or with a mount in
/// between, on devices that record; power fails again and again. HAMMER2_SEED=n replays one;
/// HAMMER2_POWER_CUTS=n tries n cuts in place of 96.
/// </summary>
public sealed class ResyncPowerLossTests
{
    private const int Scripts = 8;
    private const int CutsUsual = 96;
    private const int NodesTotal = 3;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(Scripts));

    [Theory, MemberData(nameof(Seeds))]
    public void Power_that_fails_during_a_resynchronization_loses_nothing(ulong seed)
    {
        var random = new SeededRandom(seed);
        MemoryBlockDevice[] disks = NewVolume.ClusterInMemory(NodesTotal, 256L << 20, seed);
        var script = new Script(disks, random);
        script.Play();
        DrawnCuts.Run(script.History, random, script.FirstCut, DrawnCuts.CountForScript(Scripts, CutsUsual),
            $"seed {seed}", script.Judge);
        foreach (MemoryBlockDevice disk in disks) disk.Dispose();
    }

    private sealed class Script(MemoryBlockDevice[] disks, SeededRandom random)
    {
        private readonly ScriptPlayer _player = new(random);
        private readonly List<Dictionary<ulong, string>> _states = [];
        private readonly int _away = random.Below(NodesTotal);
        private IBlockDevice[] _devices = [];
        private ulong _root;

        public WriteHistory History { get; private set; } = null!;

        public int FirstCut { get; private set; }

        public void Play()
        {
            _devices = disks;
            using (OpenedPfses opened = Open(disks))
            {
                _root = ModelMount.MakeRoom(opened.Ops[0], _player, "model");
                _player.Play(opened.Ops[0], 60);
                End(opened.Ops[0]);
            }
            using (OpenedPfses opened = Open([.. disks.Where((_, node) => node != _away)]))
            {
                _player.Play(opened.Ops[0], 120);
                End(opened.Ops[0]);
                _states.Add(ObjectListing.Of(opened.Ops[0], _root));
            }
            History = new WriteHistory([.. disks]);
            _devices = History.Open();
            bool isInterrupted = random.OneIn(2);
            if (isInterrupted) Resynchronize(stopAfter: random.Below(2));
            Resynchronize(stopAfter: null);
        }

        public void Judge(int position, OverlayBlockDevice[] devices, string place)
        {
            int acknowledged = 0;
            for (int i = 0; i < position; i++)
            {
                if (History.Events[i].Kind == HistoryKind.Mark
                    && int.TryParse(History.Events[i].Mark, CultureInfo.InvariantCulture, out int state))
                    acknowledged = state;
            }
            foreach (OverlayBlockDevice device in devices) MediaAudit.AssertSound(device, $"{place}, {device.Name}");
            using (OpenedPfses opened = Open(devices))
            {
                Pfs pfs = opened.Pfses[0];
                PresentNode away = pfs.Nodes[_away];
                Assert.All(pfs.Nodes, node => Assert.True(
                    node.State == NodeState.Synced || (node == away && node.State == NodeState.Stale),
                    $"{place}: {node.Name} is {node.State}"));
                if (away.State == NodeState.Stale)
                    Assert.Equal(Hammer2Error.None, pfs.Writer!.Resynchronize(away, () => false));
                Dictionary<ulong, string> found = ObjectListing.Of(opened.Ops[0], _root);
                Assert.True(_states.Skip(acknowledged).Take(2).Any(state => IsEqual(state, found)),
                    $"{place}: neither state {acknowledged} nor the next");
                Assert.Equal(NodesTotal, pfs.View.Synced.Count);
                Assert.Equal(Errno.None, opened.Ops[0].Sync());
            }
            ModelMount.Judge(devices, (ulong)position);
        }

        private static bool IsEqual(Dictionary<ulong, string> left, Dictionary<ulong, string> right) =>
            left.Count == right.Count && left.All(pair => right.GetValueOrDefault(pair.Key) == pair.Value);

        private OpenedPfses Open(IReadOnlyList<IBlockDevice> devices) =>
            new(devices, [(NewVolume.ClusterLabel, devices.Count)], random.NextUInt64());

        private void Resynchronize(int? stopAfter)
        {
            using OpenedPfses opened = Open(_devices);
            if (FirstCut == 0) FirstCut = History.Events.Count;
            VnodeOps ops = opened.Ops[0];
            PresentNode node = opened.Pfses[0].Nodes[_away];
            int units = 0;
            Hammer2Error error = opened.Writers[0].Resynchronize(node, () =>
            {
                if (node.State is not NodeState.Copying and not NodeState.CatchingUp) return false;
                if (units < 6)
                {
                    _player.Play(ops, random.Below(20));
                    Sync(ops);
                }
                return units++ >= stopAfter;
            });
            Assert.Equal(stopAfter is null ? Hammer2Error.None : Hammer2Error.Interrupted, error);
            _player.Play(ops, random.Below(20));
            _player.ForgetAll(ops);
            Sync(ops);
        }

        private void End(VnodeOps ops)
        {
            _player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }

        // Known before, since power may fail after the commit and before its return.
        private void Sync(VnodeOps ops)
        {
            _states.Add(ObjectListing.Of(ops, _root));
            Assert.Equal(Errno.None, ops.Sync());
            History.Mark((_states.Count - 1).ToString(CultureInfo.InvariantCulture));
        }
    }
}
