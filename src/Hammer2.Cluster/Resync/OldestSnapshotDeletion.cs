// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Linux.Text;

namespace Hammer2.Cluster.Resync;

/// <summary>Deletes a snapshot on a node that has no space to be resynchronized; the other nodes keep it.</summary>
/// <remarks>What a pass needs on the node is its own tree alone: a snapshot shares blocks with that, and is the base of
/// nothing.</remarks>
/// <param name="nodes">The nodes of the PFS.</param>
/// <param name="node">The node, open for writing and not synced.</param>
/// <param name="snapshots">Whether, and what is in use.</param>
internal sealed class OldestSnapshotDeletion(ClusterNodes nodes, PresentNode node, ResyncSnapshots snapshots)
{
    /// <summary>Deletes the oldest one that may be deleted, durably. Bulkfree frees its blocks.</summary>
    /// <returns>None; NoSpace when there is none, or not now; what writing met.</returns>
    /// <remarks>Entry: no lock held. Enters a turn of the device.</remarks>
    public Hammer2Error Run()
    {
        if (!snapshots.MayDelete || snapshots.Use is not { } use) return Hammer2Error.NoSpace;
        // Bulkfree frees nothing that a pinned commit leads to, so that one snapshot would be deleted after the other.
        MediaCommitter committer = node.Device.Committer!;
        if (committer.Pins.Count > 0) return Hammer2Error.NoSpace;
        Hammer2Error error = use.TryAlone(() => DeleteOldest(use));
        return error == Hammer2Error.Busy ? Hammer2Error.NoSpace : error;
    }

    private Hammer2Error DeleteOldest(ISnapshotUse use)
    {
        // Where a root cannot be read it is not known what is held; the fault was logged.
        if (!TryList(out List<PfsOnNode> all)) return Hammer2Error.NoSpace;
        foreach (PfsOnNode one in ExpendableSnapshots.InOrder(node.Entry.ClusterId, all))
        {
            using IDisposable? claim = use.TryClaim(one.Entry);
            if (claim is null) continue;
            var edit = new DeletePfsEdit(ByteText.Encode(one.Facts.Label), one.Facts.ClusterId);
            Hammer2Error error = PfsListCommit.Run(node.Device, edit);
            if (error != Hammer2Error.None) return error;
            snapshots.CountDeletion();
            MountLog.SnapshotDeletedForSpace(nodes.Logger, nodes.LabelText, one.Facts.Label, node.Name,
                one.IsElsewhere ? "other nodes have it" : "no other synced node has it");
            return error;
        }
        return Hammer2Error.NoSpace;
    }

    // A hold that was placed while the node was away is on the others alone.
    private bool TryList(out List<PfsOnNode> all)
    {
        all = [];
        var here = new List<PfsEntry>();
        var elsewhere = new List<PfsEntry>();
        Hammer2Error errors = PfsEntry.List(node.Device, here);
        foreach (PresentNode other in nodes.View.Synced) errors |= PfsEntry.List(other.Device, elsewhere);
        if (errors != Hammer2Error.None) return false;
        var known = new Dictionary<MediaUuid, (bool IsWhole, bool IsHeld)>();
        foreach (PfsEntry entry in elsewhere)
        {
            PfsDescription facts = PfsDescription.Of(entry.Root);
            (bool isWhole, bool isHeld) = known.GetValueOrDefault(facts.ClusterId);
            known[facts.ClusterId] = (isWhole || facts.Type == PfsType.Master, isHeld || facts.IsHeld);
        }
        foreach (PfsEntry entry in here)
        {
            (bool isWhole, bool isHeld) = known.GetValueOrDefault(entry.ClusterId);
            all.Add(new PfsOnNode(
                entry, PfsDescription.Of(entry.Root), entry.Root.Meta.PfsMasters, isWhole, isHeld));
        }
        return true;
    }
}
