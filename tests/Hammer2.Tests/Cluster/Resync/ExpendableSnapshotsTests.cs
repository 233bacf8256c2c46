// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster.Reports;
using Hammer2.Cluster.Resync;
using Hammer2.Format;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>Goal: a node that needs space loses nothing but whole, unwritten, unheld snapshots of the PFS that is
/// resynchronized, the oldest first. Method: the decision by itself, for each reason to keep one.</summary>
public sealed class ExpendableSnapshotsTests
{
    private static readonly MediaUuid s_pfs = new() { Low = 1 };

    [Fact]
    public void The_oldest_is_first_and_labels_decide_between_those_of_one_time()
    {
        PfsOnNode[] all = [Snapshot("c", made: 7), Snapshot("unknown", made: 0), Snapshot("b", made: 7),
            Snapshot("z", made: 5), Snapshot("a", made: 9)];
        Assert.Equal(["z", "b", "c", "a", "unknown"], Labels(all));
    }

    [Fact]
    public void Snapshots_on_request_and_of_schedules_are_treated_alike()
    {
        PfsOnNode made = Snapshot("auto", made: 1);
        made = made with { Facts = made.Facts with { Subtype = PfsSubtype.AutoSnapshot } };
        Assert.Equal(["auto", "b"], Labels(Snapshot("b", made: 2), made));
    }

    [Fact]
    public void What_is_no_snapshot_of_the_pfs_is_kept()
    {
        PfsDescription facts = Snapshot("s").Facts;
        Assert.Empty(Labels(
            With(facts with { OriginId = new MediaUuid { Low = 9 } }),
            With(facts with { OriginId = default }),
            With(facts with { ClusterId = s_pfs }),
            With(facts with { Subtype = PfsSubtype.None })));
        // A PFS without an id has no snapshots that are known to be its own.
        Assert.Empty(ExpendableSnapshots.InOrder(default, [With(facts with { OriginId = default })]));
    }

    [Theory, InlineData(PfsType.Cache), InlineData(PfsType.Slave), InlineData(PfsType.SoftMaster)]
    public void Parts_of_a_stream_or_of_a_copy_are_kept(PfsType type) =>
        Assert.Empty(Labels(With(Snapshot("s").Facts with { Type = type })));

    [Fact]
    public void One_that_was_written_is_a_pfs_of_its_own()
    {
        PfsDescription facts = Snapshot("s").Facts;
        Assert.Empty(Labels(With(facts with { ModifyTid = facts.SnapshotTid + 1 })));
        // A copy of one may have noted a later snapshot.
        Assert.Single(Labels(With(facts with { ModifyTid = facts.SnapshotTid - 1 })));
    }

    [Fact]
    public void A_hold_counts_wherever_it_was_placed()
    {
        PfsOnNode one = Snapshot("s");
        Assert.Empty(Labels(one with { Facts = one.Facts with { IsHeld = true } }));
        Assert.Empty(Labels(one with { IsHeldElsewhere = true }));
    }

    [Fact]
    public void What_only_this_node_ever_had_is_kept()
    {
        PfsOnNode one = Snapshot("s");
        Assert.Empty(Labels(one with { Masters = 1, IsElsewhere = false }));
        Assert.Single(Labels(one with { Masters = 1 }));
        // Deleted on the others while the node was away.
        Assert.Single(Labels(one with { IsElsewhere = false }));
    }

    private static IEnumerable<string> Labels(params PfsOnNode[] all) =>
        ExpendableSnapshots.InOrder(s_pfs, all).Select(static one => one.Facts.Label);

    private static PfsOnNode With(PfsDescription facts) => Snapshot("s") with { Facts = facts };

    private static PfsOnNode Snapshot(string label, ulong made = 1) => new(
        Entry: null!,
        new PfsDescription(Key: 1, label, PfsType.Master, PfsSubtype.Snapshot, new() { Low = 2 }, new() { Low = 3 },
            SnapshotTid: 40, ModifyTid: 40, made, s_pfs, Holds: [], IsHeld: false),
        Masters: 3, IsElsewhere: true, IsHeldElsewhere: false);
}
