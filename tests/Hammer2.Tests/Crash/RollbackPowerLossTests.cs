// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: power that fails during a rollback leaves the state before it or after it, never one between, on one node and
/// on three; after it, the state before is in the snapshot that is kept.
/// Method: a drawn script, a snapshot in it, four rollbacks to snapshots that are drawn, some while the PFS is in use
/// and has changes that are not durable, and goes on to be used; with large volumes one to an older header after that;
/// then power fails again and again.
/// HAMMER2_SEED=n replays one; HAMMER2_POWER_CUTS=n tries n cuts in place of 64.
/// </summary>
public sealed class RollbackPowerLossTests
{
    private const int Scripts = 4;
    private const int CutsUsual = 64;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(Scripts));

    [Theory, MemberData(nameof(Seeds))]
    public void A_rollback_happens_as_a_whole(ulong seed)
    {
        var random = new SeededRandom(seed);
        int nodes = random.OneIn(2) ? 1 : 3;
        // Larger volumes have room for older headers.
        IBlockDevice[] before = [.. NewVolume.NodesInMemory(nodes, random.OneIn(2) ? 256L << 20 : 8L << 30)];
        var history = new WriteHistory(before);
        var script = new Script(random, history, nodes);
        script.Play();
        DrawnCuts.Judge(history, random, script.FirstCut, DrawnCuts.CountForScript(Scripts, CutsUsual),
            $"seed {seed}, {nodes} nodes", script.Judge);
    }

    /// <summary>What is durable at some moment.</summary>
    /// <param name="Live">The objects of the live PFS.</param>
    /// <param name="Kept">What each snapshot shows.</param>
    private sealed record State(Dictionary<ulong, string> Live, Dictionary<string, Dictionary<ulong, string>> Kept);

    private sealed class Script(SeededRandom random, WriteHistory history, int nodes)
    {
        private readonly string _live = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        private readonly List<State> _states = [];
        private readonly List<int> _marks = [];
        private IBlockDevice[] _devices = [];
        private HashSet<string> _others = [];
        private ulong _root;

        public int FirstCut { get; private set; }

        public void Play()
        {
            _devices = history.Open();
            var shown = new Dictionary<ulong, string>();
            using (OpenedPfses opened = Open())
            {
                _others = [.. opened.Labels().SelectMany(static labels => labels)];
                VnodeOps ops = opened.Ops[0];
                Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "model"u8,
                    new NewObject(ObjectType.Directory, UnixMode.O755), new Credentials(0, 0),
                    out VnodeAttributes made));
                var player = new ScriptPlayer(random);
                _root = player.Model.Root.Inum = made.Inum;
                player.Play(ops, 30);
                shown = ObjectListing.Of(ops, _root);
                var administration = new PfsAdministration(
                    opened.Pfses[0], static _ => null, TimeProvider.System, random.NextUInt64);
                Assert.Equal(Hammer2Error.None, administration.Snapshot("s"u8));
                player.Play(ops, 30);
                player.ForgetAll(ops);
                Assert.Equal(Errno.None, ops.Sync());
                _states.Add(new State(ObjectListing.Of(ops, _root), new() { ["s"] = shown }));
            }
            FirstCut = history.Events.Count;
            for (int round = 0; round < 4; round++) Rollback(isInUse: round == 0 || random.OneIn(2), round);
        }

        public void Judge(int position, OverlayBlockDevice[] devices, string place)
        {
            int acknowledged = 0;
            for (int i = 0; i < position; i++)
            {
                if (history.Events[i].Kind == HistoryKind.Mark)
                    acknowledged = int.Parse(history.Events[i].Mark, CultureInfo.InvariantCulture);
            }
            using var opened = new OpenedPfses(devices, [(_live, nodes)], (ulong)position);
            SortedSet<string>[] listed = [.. opened.Labels()];
            foreach (SortedSet<string> labels in listed) labels.ExceptWith(_others);
            Assert.All(listed, labels => Assert.True(listed[0].SetEquals(labels), place));
            Dictionary<ulong, string> live = ObjectListing.Of(opened.Ops[0], _root);
            int next = _marks.Append(_states.Count - 1).First(mark => mark > acknowledged || mark == _states.Count - 1);
            State? state = _states[acknowledged..(next + 1)].FirstOrDefault(
                state => listed[0].SetEquals(state.Kept.Keys) && Equal(state.Live, live));
            Assert.True(state is not null, $"{place}: none of the states {acknowledged} to {next}");
            foreach ((string label, Dictionary<ulong, string> expected) in state.Kept)
                Assert.True(Equal(expected, ObjectListing.Of(opened.Open(label, nodes), _root)), $"{place}: {label}");
            Assert.Equal(Errno.None, opened.Ops[0].Create(VnodeOps.RootInum, "after"u8,
                new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out _));
            Assert.Equal(Errno.None, opened.Ops[0].Sync());
        }

        private static bool Equal(Dictionary<ulong, string> left, Dictionary<ulong, string> right) =>
            left.Count == right.Count && left.All(pair => right.GetValueOrDefault(pair.Key) == pair.Value);

        private OpenedPfses Open() => new(_devices, [(_live, nodes)], random.NextUInt64());

        private void Rollback(bool isInUse, int round)
        {
            using OpenedPfses opened = Open();
            if (isInUse) ChangeWithoutSync(opened.Ops[0], round);
            State last = _states[^1];
            string[] labels = [.. last.Kept.Keys.Order(StringComparer.Ordinal)];
            string label = labels[random.Below(labels.Length)];
            // Known beforehand, since power may fail after the commit and before its return.
            var next = new State(last.Kept[label], new(last.Kept));
            _states.Add(next);
            Assert.Equal(Hammer2Error.None, PfsRollback.Run(opened.Pfses[0], Encoding.ASCII.GetBytes(label),
                TimeProvider.System, random.NextUInt64, out byte[] kept));
            next.Kept[Encoding.ASCII.GetString(kept)] = last.Live;
            Mark();
            if (!isInUse) return;
            Assert.True(Equal(next.Live, ObjectListing.Of(opened.Ops[0], _root)));
            int copy = opened.Pfses[0].Nodes[0].Device.Header.CopyIndex;
            ChangeWithoutSync(opened.Ops[0], round + 100);
            Assert.Equal(Errno.None, opened.Ops[0].Sync());
            Mark();
            if (_devices[0].LengthBytes > 4L << 30) RollbackToHeader(opened, copy, _states.Count - 2);
        }

        private void RollbackToHeader(OpenedPfses opened, int copy, int state)
        {
            State last = _states[^1];
            var next = new State(_states[state].Live, new(last.Kept));
            _states.Add(next);
            Assert.Equal(Hammer2Error.None, HeaderSource.Open(
                opened.Pfses[0], copy, static () => false, out HeaderSource? source, out _));
            using (source)
            {
                Assert.Equal(Hammer2Error.None, PfsRollback.RunToHeader(opened.Pfses[0], source!,
                    TimeProvider.System, random.NextUInt64, out byte[] kept));
                next.Kept[Encoding.ASCII.GetString(kept)] = last.Live;
            }
            Mark();
            Assert.True(Equal(next.Live, ObjectListing.Of(opened.Ops[0], _root)));
        }

        // A state that may become durable at any moment from now on.
        private void ChangeWithoutSync(VnodeOps ops, int number)
        {
            byte[] name = Encoding.ASCII.GetBytes($"added-{number}");
            Assert.Equal(Errno.None, ops.Create(_root, name, new NewObject(ObjectType.RegularFile, UnixMode.O644),
                new Credentials(0, 0), out VnodeAttributes made));
            byte[] content = new byte[random.Below(200_000)];
            Array.Fill(content, (byte)number);
            Assert.Equal(Errno.None, ops.Write(made.Inum, 0, content, dropsPrivileges: false));
            Assert.Equal(Errno.None, ops.CreateTmpFile(
                _root, UnixMode.O644, new Credentials(0, 0), out VnodeAttributes _));
            _states.Add(new State(ObjectListing.Of(ops, _root), new(_states[^1].Kept)));
        }

        private void Mark()
        {
            _marks.Add(_states.Count - 1);
            history.Mark((_states.Count - 1).ToString(CultureInfo.InvariantCulture));
        }
    }
}
