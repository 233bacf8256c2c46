// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Membership;

/// <summary>Describes what was decided about the nodes of a cluster: the same words in messages of a mount, in JSON
/// and in fsck.</summary>
public static class MembershipText
{
    /// <summary>Why a node has the state that it has, as the end of a sentence about it.</summary>
    public static string Describe(NodeState state, in NodeFacts facts)
    {
        // The commit of a node that cannot be read is not known.
        if (facts.Commit.Number == 0 && state is NodeState.Failed) return "it failed a write";
        if (facts.Commit.Number == 0 && state is NodeState.Offline) return "it is absent, or was set aside";
        string held = string.Create(CultureInfo.InvariantCulture, $"its commit is 0x{facts.Commit.Number:x}");
        string doubt = facts.IsUncertain ? "; a newer volume header on it is torn, unreadable, or was replaced" : "";
        return held + doubt + state switch
        {
            NodeState.Newer => ", a newer commit that no quorum confirms",
            NodeState.Foreign => "; another program changed it after this driver's last commit",
            NodeState.Stale when facts.Role == NodeRole.Returning => "; it is being resynchronized",
            NodeState.Stale => ", which is not the one that is shown",
            NodeState.Passive when facts.Role == NodeRole.Master =>
                "; it is no member of the cluster any more, or not yet",
            NodeState.Uncertain => ", so that it cannot tell whether there was a newer commit",
            NodeState.Failed => "; it failed a write",
            _ => "",
        };
    }

    /// <summary>What ends a state, for people: an event or a deadline; empty for a synced node.</summary>
    public static string LeftWhen(NodeState state) => state switch
    {
        NodeState.Synced => "",
        NodeState.Stale or NodeState.Newer or NodeState.Foreign or NodeState.Uncertain =>
            "a quorum of synced nodes is there: its resynchronization begins",
        NodeState.Passive => "cluster promote, for a slave; cluster detach and attach, for a node that is no member",
        NodeState.Offline => "its device answers, which is tried every 5 s; cluster online, if it was set aside",
        NodeState.Failed => "its device answers again, which is tried every 5 s",
        NodeState.Full => "it has free space, which is tried every 10 s",
        NodeState.Split => "cluster resolve says which side is kept",
        NodeState.Identifying => "its headers are read",
        NodeState.ChoosingSource => "a synced node can be read, which is tried every 10 s",
        NodeState.Copying => "its pass comes to the end",
        NodeState.CatchingUp => "a pass changes no more than 256 references, or 16 passes are done",
        NodeState.Finishing or NodeState.Verifying => "it is found equal, while operations wait",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    /// <summary>Why a cluster cannot be written, and what to do; null when it can.</summary>
    public static string? Describe(MembershipDecision cluster)
    {
        int synced = cluster.SyncedTotal;
        string of = string.Create(CultureInfo.InvariantCulture,
            $"{cluster.MastersPresent} of {cluster.MastersTotal} masters are here, {cluster.Quorum} make a quorum");
        return cluster.Obstacle switch
        {
            WriteObstacle.None => null,
            WriteObstacle.Split => "its nodes hold different commits and neither side outvotes the other: nothing is "
                + "written until one side is given up",
            WriteObstacle.TooManyMasters => string.Create(CultureInfo.InvariantCulture,
                $"{cluster.MastersPresent} masters are here and the cluster has {cluster.MastersTotal} by its own "
                + $"word: two quorums without a common node could form"),
            WriteObstacle.SlavesOnly => "only slaves are here, which are for reading",
            WriteObstacle.MastersUnknown => "its nodes do not say how many masters there are, and there is a sign of "
                + "several; the option masters=N says it",
            WriteObstacle.UnknownRecord => "the list of its nodes was written by a later version of this driver",
            WriteObstacle.NoQuorum => of + " and know which commit is the newest",
            WriteObstacle.Uncertain => of + ", but a newer volume header may be lost on some: a newer commit cannot be "
                + "ruled out",
            _ => string.Create(CultureInfo.InvariantCulture,
                $"{synced} of {cluster.MastersTotal} masters hold the newest commit that may have been acknowledged, "
                + $"{cluster.Quorum} make a quorum; the others are to be resynchronized first"),
        };
    }
}
