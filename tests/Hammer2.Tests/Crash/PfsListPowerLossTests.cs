// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Reports;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: creating, deleting, renaming, holding and releasing PFSs and making snapshots each happens as a whole, is
/// durable when it returns, and what a snapshot shows is the state in which it was made, whatever was written, deleted
/// and freed since.
/// Method: a drawn script on one node or three, mixed with these requests and with bulkfree; then power fails again and
/// again. Each device must list what was acknowledged, or what the request under way leads to, and each snapshot is
/// opened and compared.
/// HAMMER2_SEED=n replays one; HAMMER2_POWER_CUTS=n tries n cuts in place of 96.
/// </summary>
public sealed class PfsListPowerLossTests
{
    private const int Scripts = 8;
    private const int CutsUsual = 96;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(Scripts));

    [Theory, MemberData(nameof(Seeds))]
    public void Each_request_happens_as_a_whole(ulong seed)
    {
        var random = new SeededRandom(seed);
        int nodes = random.OneIn(2) ? 1 : 3;
        IBlockDevice[] before = [.. NewVolume.NodesInMemory(nodes, 256L << 20)];
        var history = new WriteHistory(before);
        var script = new Script(random, history, nodes);
        script.Play();
        DrawnCuts.Judge(history, random, script.FirstCut, DrawnCuts.CountForScript(Scripts, CutsUsual),
            $"seed {seed}, {nodes} nodes", script.Judge);
    }

    /// <summary>The labels that there are besides those of a new filesystem, and what each snapshot shows.</summary>
    private sealed class State : Dictionary<string, Dictionary<ulong, string>?>
    {
        public State()
        {
        }

        public State(State other) : base(other) => Held = [.. other.Held];

        /// <summary>The labels of PFSs with a hold.</summary>
        public HashSet<string> Held { get; } = [];
    }

    private sealed class Script(SeededRandom random, WriteHistory history, int nodes)
    {
        private readonly List<State> _states = [[]];
        private readonly string _live = nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        private HashSet<string> _others = [];
        private ulong _root;

        public int FirstCut { get; private set; }

        public void Play()
        {
            using var opened = new OpenedPfses(history.Open(), [(_live, nodes)], random.NextUInt64());
            _others = [.. opened.Labels().SelectMany(static labels => labels)];
            VnodeOps ops = opened.Ops[0];
            Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "model"u8,
                new NewObject(ObjectType.Directory, UnixMode.O755), new Credentials(0, 0), out VnodeAttributes made));
            var player = new ScriptPlayer(random);
            _root = player.Model.Root.Inum = made.Inum;
            Assert.Equal(Errno.None, ops.Sync());
            FirstCut = history.Events.Count;
            var administration = new PfsAdministration(
                opened.Pfses[0], static _ => null, TimeProvider.System, random.NextUInt64);
            for (int step = 0; step < 30; step++)
            {
                player.Play(ops, 4);
                if (random.OneIn(4)) Assert.Equal(Errno.None, ops.Sync());
                Request(administration, ops, step);
                if (random.OneIn(6))
                    Assert.Equal(Hammer2Error.None, opened.Writers[0].Reclaim(default, out _));
            }
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
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
            SortedSet<string> found = listed[0];
            // After the mount of the live PFS its nodes agree.
            foreach (SortedSet<string> labels in listed)
                Assert.True(found.SetEquals(labels), $"{place}: {Text(found)} and {Text(labels)}");
            State? state = _states.Skip(acknowledged).Take(2).FirstOrDefault(
                state => found.SetEquals(state.Keys) && AreHeld(opened, state));
            Assert.True(state is not null, $"{place}: {Text(found)}, acknowledged {Text(_states[acknowledged].Keys)}");
            foreach ((string label, Dictionary<ulong, string>? expected) in state)
            {
                VnodeOps ops = opened.Open(label, nodes);
                if (expected is null) continue;
                Dictionary<ulong, string> shown = ObjectListing.Of(ops, _root);
                Assert.True(Equal(expected, shown), $"{place}: snapshot {label} differs");
                Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "after"u8,
                    new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out _));
                Assert.Equal(Errno.None, ops.Sync());
            }
        }

        private static bool AreHeld(OpenedPfses opened, State state)
        {
            foreach (string label in state.Keys)
            {
                foreach (PresentNode node in opened.Pfses[0].Nodes)
                {
                    Assert.Equal(Hammer2Error.None,
                        PfsReports.FindPfs(node, Encoding.ASCII.GetBytes(label), out PfsDescription? pfs));
                    if (pfs!.IsHeld != state.Held.Contains(label)) return false;
                }
            }
            return true;
        }

        private static bool Equal(Dictionary<ulong, string> left, Dictionary<ulong, string> right) =>
            left.Count == right.Count && left.All(pair => right.GetValueOrDefault(pair.Key) == pair.Value);

        private static string Text(IEnumerable<string> labels) => $"{{{string.Join(' ', labels.Order())}}}";

        private void Request(PfsAdministration administration, VnodeOps ops, int step)
        {
            State next = new(_states[^1]);
            string label = $"l{step}";
            string[] present = [.. next.Keys.Order(StringComparer.Ordinal)];
            string? old = present.Length == 0 ? null : present[random.Below(present.Length)];
            Hammer2Error error;
            int kind = random.Below(old is null ? 2 : 6);
            if (kind == 0)
            {
                next[label] = null;
                _states.Add(next);
                error = administration.Create(Encoding.ASCII.GetBytes(label), PfsType.Master, null);
            }
            else if (kind <= 2)
            {
                next[label] = ObjectListing.Of(ops, _root);
                _states.Add(next);
                error = administration.Snapshot(Encoding.ASCII.GetBytes(label));
            }
            else if (kind == 5 || (kind == 3 && next.Held.Contains(old!)))
            {
                byte[] held = Encoding.ASCII.GetBytes(old!);
                bool isHeld = next.Held.Remove(old!);
                if (isHeld) Assert.Equal(Hammer2Error.Held, administration.Delete(held, out _));
                else _ = next.Held.Add(old!);
                _states.Add(next);
                error = isHeld ? administration.Release(held, "h"u8) : administration.Hold(held, "h"u8);
            }
            else if (kind == 3)
            {
                _ = next.Remove(old!);
                _states.Add(next);
                error = administration.Delete(Encoding.ASCII.GetBytes(old!), out _);
            }
            else
            {
                _ = next.Remove(old!, out Dictionary<ulong, string>? content);
                if (next.Held.Remove(old!)) _ = next.Held.Add(label);
                next[label] = content;
                _states.Add(next);
                error = administration.Rename(Encoding.ASCII.GetBytes(old!), Encoding.ASCII.GetBytes(label), out _);
            }
            Assert.Equal(Hammer2Error.None, error);
            history.Mark((_states.Count - 1).ToString(CultureInfo.InvariantCulture));
        }
    }
}
