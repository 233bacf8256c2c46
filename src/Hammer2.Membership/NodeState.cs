// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>The state of a node of a mounted cluster. Only a synced one is read, written and votes;
/// <see cref="NodeTransitions"/> has the transitions.</summary>
/// <remarks>A mount gives its nodes the states from <see cref="Synced"/> to <see cref="Failed"/>. The others are steps
/// of resynchronization.</remarks>
public enum NodeState
{
    /// <summary>Holds the commit that is shown: votes and is read.</summary>
    Synced,

    /// <summary>Holds an older commit, or one that is not to be trusted: not read.</summary>
    Stale,

    /// <summary>Holds a newer commit that no quorum confirms: not read, and not to be overwritten without a
    /// copy.</summary>
    Newer,

    /// <summary>Was changed by another program after this driver's last commit, which the other nodes do not know:
    /// not read.</summary>
    Foreign,

    /// <summary>Holds an older commit, and a newer volume header on it is torn or unreadable: not read, and proves
    /// nothing about newer commits.</summary>
    Uncertain,

    /// <summary>A slave, not read as long as there are masters; or a node that the cluster's record does not
    /// name.</summary>
    Passive,

    /// <summary>Absent: its device is awaited.</summary>
    Offline,

    /// <summary>Was written and then failed a write: fenced, neither read nor written until its device was opened and
    /// identified anew and the node is resynchronized.</summary>
    Failed,

    /// <summary>Ran out of space while the others did not: takes no part until it has space again.</summary>
    Full,

    /// <summary>Holds a commit that the others lack, and lacks one of theirs: a user has to say which side is given
    /// up.</summary>
    Split,

    /// <summary>Its device is present: its identity and its commit are being read.</summary>
    Identifying,

    /// <summary>Is to be resynchronized: a synced node with a pinned commit is being looked for.</summary>
    ChoosingSource,

    /// <summary>Gets what differs from the pinned commit of its source.</summary>
    Copying,

    /// <summary>Gets what changed on its source during the last pass, again and again, until that is
    /// little.</summary>
    CatchingUp,

    /// <summary>Gets the last changes while new ones wait.</summary>
    Finishing,

    /// <summary>Has everything: a digest over its tree is compared with that of its source.</summary>
    Verifying,
}
