// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Hammer2.Admin.Newfs;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: two PFSs of one device that are written at once each show after a power failure what was acknowledged for
/// them, by the rules of <see cref="ObjectHistory"/>, and the device is sound. One of them may be a cluster whose other
/// nodes are on further devices.
/// Method: two drawn scripts play by turns, with fsync, sync and bulkfree of either; then power fails again and again.
/// HAMMER2_SEED=n replays one; HAMMER2_POWER_CUTS=n tries n cuts in place of 160.
/// </summary>
public sealed class TwoPfsPowerLossTests
{
    private const int Scripts = 8;
    private const int CutsUsual = 160;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(Scripts));

    [Theory, MemberData(nameof(Seeds))]
    public void Each_pfs_shows_what_was_acknowledged_for_it(ulong seed)
    {
        var random = new SeededRandom(seed);
        int nodes = random.OneIn(2) ? 1 : 3;
        IBlockDevice[] before = [.. NewVolume.NodesInMemory(nodes, 256L << 20)];
        var history = new WriteHistory(before);
        Script[] scripts = Play(random, history, nodes);
        DrawnCuts.Judge(history, random, scripts.Max(static script => script.FirstCut),
            DrawnCuts.CountForScript(Scripts, CutsUsual), $"seed {seed}, {nodes} nodes",
            (position, devices, place) => Judge(scripts, history, position, devices, nodes, place));
    }

    // DATA, or the cluster, and LOCAL of the first device.
    private static (string Label, int Nodes)[] Pfses(int nodes) =>
        [(nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel, nodes), (NewPfs.LocalLabel, 1)];

    private static void Judge(Script[] scripts, WriteHistory history, int position, OverlayBlockDevice[] devices,
        int nodes, string place)
    {
        using var opened = new OpenedPfses(devices, Pfses(nodes), (ulong)position);
        for (int i = 0; i < scripts.Length; i++)
        {
            Dictionary<ulong, string> found = ObjectListing.Of(opened.Ops[i], scripts[i].Root);
            string? breach = scripts[i].Judge(history, position, found);
            Assert.True(breach is null, $"{place}, PFS {i}: {breach}");
            Assert.Equal(Errno.None, opened.Ops[i].Create(VnodeOps.RootInum, "after"u8,
                new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
            Assert.Equal(Errno.None, opened.Ops[i].Commit(made.Inum));
        }
    }

    private static Script[] Play(SeededRandom random, WriteHistory history, int nodes)
    {
        using var opened = new OpenedPfses(history.Open(), Pfses(nodes), (ulong)random.Below(1000));
        Script[] scripts = [.. opened.Ops.Select((ops, i) => new Script(i, ops, random, history))];
        int steps = 60 + random.Below(60);
        for (int step = 0; step < steps; step++)
        {
            int which = random.Below(scripts.Length);
            scripts[which].Step(opened.Writers[which]);
        }
        foreach (Script script in scripts) script.End();
        return scripts;
    }

    /// <summary>One PFS, its script, and what was acknowledged.</summary>
    private sealed class Script
    {
        private readonly int _number;
        private readonly VnodeOps _ops;
        private readonly SeededRandom _random;
        private readonly WriteHistory _history;
        private readonly ScriptPlayer _player;
        private readonly ObjectHistory _objects = new();
        private int _states;

        public Script(int number, VnodeOps ops, SeededRandom random, WriteHistory history)
        {
            _number = number;
            _ops = ops;
            _random = random;
            _history = history;
            _player = new ScriptPlayer(random);
            Root = ModelMount.MakeRoom(ops, _player, "model");
            Record();
            Sync();
            FirstCut = history.Events.Count;
        }

        public ulong Root { get; }

        public int FirstCut { get; }

        public void Step(PfsWriter writer)
        {
            _player.Play(_ops, 1);
            Record();
            Mark('d');
            if (_random.OneIn(4)) SyncObject();
            else if (_random.OneIn(8)) Sync();
            else if (_random.OneIn(30)) Assert.Equal(Hammer2Error.None, writer.Reclaim(default, out _));
        }

        public void End()
        {
            _player.ForgetAll(_ops);
            Sync();
        }

        public string? Judge(WriteHistory history, int position, Dictionary<ulong, string> found)
        {
            int synced = 0, done = 0;
            var objects = new Dictionary<ulong, int>();
            for (int i = 0; i < position; i++)
            {
                HistoryEvent past = history.Events[i];
                if (past.Kind != HistoryKind.Mark || !past.Mark.StartsWith($"{_number} ", StringComparison.Ordinal))
                    continue;
                string[] parts = past.Mark.Split(' ');
                int state = int.Parse(parts[2], CultureInfo.InvariantCulture);
                if (parts[1] == "s") synced = state;
                if (parts[1] == "f") objects[ulong.Parse(parts[3], CultureInfo.InvariantCulture)] = state;
                done = Math.Max(done, state);
            }
            return _objects.Judge(found, done + 1, inum => Math.Max(synced, objects.GetValueOrDefault(inum)));
        }

        private void Record()
        {
            _objects.Record(_player.Model.Root);
            _states++;
        }

        private void Sync()
        {
            Assert.Equal(Errno.None, _ops.Sync());
            Mark('s');
        }

        private void SyncObject()
        {
            ulong[] inums = [.. _objects.Present];
            ulong inum = inums[_random.Below(inums.Length)];
            Assert.Equal(Errno.None, _ops.Commit(inum));
            _history.Mark(string.Create(CultureInfo.InvariantCulture, $"{_number} f {_states - 1} {inum}"));
        }

        private void Mark(char kind) =>
            _history.Mark(string.Create(CultureInfo.InvariantCulture, $"{_number} {kind} {_states - 1}"));
    }
}
