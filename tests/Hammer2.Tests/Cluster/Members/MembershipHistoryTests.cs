// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Cluster.Members;

/// <summary>
/// Goal: no commit that was acknowledged is lost, and no ordinary failure gives a split, while nodes are added and
/// removed between commits, crashes, and mounts of any subset.
/// Method: drawn histories of eight nodes, of which each is only the facts that it would store; every mount decides by
/// the production rules, and every commit of a mount reaches a drawn subset of its nodes before it is acknowledged or
/// the mount ends. A commit names its parent, so that a shown commit either has an acknowledged one among its
/// ancestors or has lost it. HAMMER2_SEED=n replays one history; HAMMER2_MEMBER_HISTORIES has more of them.
/// </summary>
public sealed class MembershipHistoryTests
{
    private const int NodesTotal = 8;
    private const int MountsTotal = 40;

    private static int HistoriesTotal =>
        int.TryParse(Environment.GetEnvironmentVariable("HAMMER2_MEMBER_HISTORIES"), out int given) ? given : 2000;

    [Fact]
    public void No_acknowledged_commit_is_lost()
    {
        int written = 0, changed = 0;
        foreach (ulong seed in SeededRandom.Seeds(HistoriesTotal))
        {
            var history = new History(new SeededRandom(seed));
            for (int mount = 0; mount < MountsTotal; mount++) history.Mount(seed);
            written += history.CommitsTotal;
            changed += history.ChangesTotal;
        }
        // The histories do something.
        Assert.InRange(written / HistoriesTotal, 20, int.MaxValue);
        Assert.InRange(changed / HistoriesTotal, 2, int.MaxValue);
    }

    private sealed class History
    {
        private readonly SeededRandom _random;
        private readonly NodeFacts?[] _nodes = new NodeFacts?[NodesTotal];
        private readonly NodeFacts?[] _before = new NodeFacts?[NodesTotal];
        private readonly Dictionary<CommitPoint, CommitPoint> _parents = [];
        private CommitPoint _acknowledged = new(1UL << 44, 1);
        private ulong _ids = 1;

        public History(SeededRandom random)
        {
            _random = random;
            int masters = 1 + random.Below(4);
            var record = MembershipRecord.Create(
                Enumerable.Range(0, masters).Select(node => (Tag(node), MemberRole.Master)));
            for (int node = 0; node < masters; node++) _nodes[node] = Facts(node, _acknowledged, record);
        }

        public int CommitsTotal { get; private set; }

        public int ChangesTotal { get; private set; }

        public void Mount(ulong seed)
        {
            // A header may have been torn: the node shows the commit before, and says that it may have lost one.
            for (int node = 0; node < NodesTotal; node++)
            {
                // A sole master has no sibling that knows better.
                if (_before[node] is { Record.Masters: > 1 } earlier && _nodes[node]!.Value.Record!.Masters > 1
                    && _random.OneIn(40)) _nodes[node] = earlier with { IsUncertain = true };
            }
            int[] present = [.. Enumerable.Range(0, NodesTotal).Where(_ => !_random.OneIn(4))];
            int[] known = [.. present.Where(node => _nodes[node] is not null)];
            MembershipDecision decision = QuorumResolver.Resolve([.. known.Select(node => _nodes[node]!.Value)]);
            Assert.True(decision.Obstacle != WriteObstacle.Split, $"seed {seed}: a split");
            if (decision.Obstacle != WriteObstacle.None) return;
            Assert.True(Descends(decision.Commit, _acknowledged),
                $"seed {seed}: 0x{decision.Commit.Number:x} is shown, 0x{_acknowledged.Number:x} was acknowledged");
            var session = new Session(this, decision, known);
            session.Run([.. present.Except(known)]);
        }

        private bool Descends(CommitPoint commit, CommitPoint ancestor)
        {
            while (commit != ancestor)
                if (!_parents.TryGetValue(commit, out commit)) return false;
            return true;
        }

        private static NodeFacts Facts(int node, CommitPoint commit, MembershipRecord record) =>
            new(NodeRole.Master, commit, StampState.Valid, record.Masters)
            {
                Tag = Tag(node),
                Record = record,
                NumberKnown = commit.Number,
            };

        private static MemberTag Tag(int node) => new((ulong)node, (uint)node);

        /// <summary>One mount that may write.</summary>
        private sealed class Session
        {
            private readonly History _history;
            private readonly HashSet<int> _synced = [];
            private readonly HashSet<int> _others;
            private MembershipRecord _record;
            private CommitPoint _last;
            private ulong _number;
            private bool _hasEnded;

            public Session(History history, MembershipDecision decision, int[] present)
            {
                _history = history;
                _record = decision.Record!;
                _last = decision.Commit;
                for (int i = 0; i < present.Length; i++)
                    if (decision.States[i] == NodeState.Synced) _ = _synced.Add(present[i]);
                _others = [.. present.Except(_synced)];
                ulong greatest = present.Max(node => history._nodes[node]!.Value.NumberKnown);
                Assert.True(CommitNumber.TryBeginEpoch(greatest, history._random.NextUInt64(), out _number));
                _number--;
            }

            public void Run(int[] blank)
            {
                Commit();
                Commit();
                for (int step = Chance.Below(12); step > 0 && !_hasEnded; step--)
                {
                    switch (Chance.Below(6))
                    {
                        case 0: Resynchronize(); break;
                        case 1: Attach(blank); break;
                        case 2: Detach(); break;
                        default: Commit(); break;
                    }
                }
            }

            private SeededRandom Chance => _history._random;

            private void Commit()
            {
                if (_hasEnded) return;
                var commit = new CommitPoint(++_number, ++_history._ids);
                _history._parents.Add(commit, _last);
                _history.CommitsTotal++;
                bool isCut = Chance.OneIn(30);
                int holders = 0;
                foreach (int node in (int[])[.. _synced])
                {
                    // Power fails between two headers, or a device fails and is fenced.
                    if (isCut ? Chance.OneIn(2) : Chance.OneIn(25))
                    {
                        if (!isCut) _ = _synced.Remove(node);
                        continue;
                    }
                    _history._before[node] = _history._nodes[node];
                    _history._nodes[node] = Facts(node, commit, _record);
                    if (_record.RoleOf(Tag(node)) == MemberRole.Master) holders++;
                }
                if (isCut || holders < _record.Quorum) _hasEnded = true;
                else _history._acknowledged = commit;
                _last = commit;
            }

            private void Resynchronize()
            {
                foreach (int node in _others)
                {
                    if (_record.RoleOf(Tag(node)) is not (MemberRole.Master or MemberRole.Joining)) continue;
                    _ = _others.Remove(node);
                    _history._nodes[node] = Facts(node, _last, _history._nodes[_synced.First()]!.Value.Record!);
                    _history._before[node] = null;
                    if (Chance.OneIn(8))
                    {
                        // Power fails before the commit that gives it a vote.
                        _hasEnded = true;
                        return;
                    }
                    _ = _synced.Add(node);
                    bool isJoining = _record.RoleOf(Tag(node)) == MemberRole.Joining;
                    if (isJoining) Change(_record.With(Tag(node), MemberRole.Master));
                    else Commit();
                    return;
                }
            }

            private void Attach(int[] blank)
            {
                int[] free = [.. blank.Concat(_others).Where(node => _record.RoleOf(Tag(node)) is null)];
                if (free.Length == 0 || _record.Members.Length == Media.NodesMax) return;
                int added = free[Chance.Below(free.Length)];
                _history._nodes[added] ??= Facts(added, default, _record) with { Role = NodeRole.Returning };
                _ = _others.Add(added);
                Change(_record.With(Tag(added), MemberRole.Joining));
            }

            private void Detach()
            {
                PfsMember left = _record.Members[Chance.Below(_record.Members.Length)];
                MembershipRecord after = _record.Without(new MemberTag(left.FilesystemStart, left.Check));
                int node = (int)left.FilesystemStart;
                int remaining = _synced.Count(one => one != node && after.RoleOf(Tag(one)) == MemberRole.Master);
                if (after.Masters == 0 || remaining < after.Quorum) return;
                _ = _synced.Remove(node);
                Change(after);
            }

            private void Change(MembershipRecord record)
            {
                _record = record;
                _history.ChangesTotal++;
                Commit();
            }
        }
    }
}
