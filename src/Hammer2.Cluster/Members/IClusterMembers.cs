// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.Members;

/// <summary>Adds nodes to the cluster of a PFS that is written, removes them, and sets them aside, without
/// unmounting.</summary>
/// <remarks>One change at a time, each committed by a quorum of the nodes that it leaves before it is answered. A node
/// is named by its devices as the mount names them, by the slot of the record, or by at least four digits that the id
/// of its filesystem begins with. Entry: no lock held.</remarks>
public interface IClusterMembers
{
    /// <summary>Adds a node, which is made equal to the others in the background; then it votes.</summary>
    /// <param name="paths">Its volumes, with a node of the cluster: one made by newfs --join, or one that was a member
    /// before, the content of which is kept as a snapshot.</param>
    MemberOutcome Attach(IReadOnlyList<string> paths);

    /// <summary>Removes a node from the cluster. One that was level is a PFS by itself then, with the content of that
    /// moment; its devices are closed, unless they are used otherwise.</summary>
    MemberOutcome Detach(string name);

    /// <summary>Sets a node aside until it is put online: it is neither read nor written.</summary>
    MemberOutcome Offline(string name);

    /// <summary>Puts a node online again that was set aside: it is looked for, and made equal.</summary>
    MemberOutcome Online(string name);

    /// <summary>Sets a node aside and puts it online again: all of it is compared with the others, and made
    /// equal.</summary>
    MemberOutcome Resync(string name);

    /// <summary>Copies to a synced node the snapshots of the PFS that it lacks, and anew those in which its last scrub
    /// left damaged blocks; takes as long as that.</summary>
    /// <param name="name">The node.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <param name="copied">How many were copied.</param>
    MemberOutcome CopySnapshots(string name, Func<bool> isCancelled, out int copied);

    /// <summary>Has a slave become a master, in the background.</summary>
    MemberOutcome Promote(string name);

    /// <summary>Has a master be a slave: it follows the others, and has no vote.</summary>
    MemberOutcome Demote(string name);
}
