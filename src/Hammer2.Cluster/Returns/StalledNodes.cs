// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Membership;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.Returns;

/// <summary>
/// The fenced nodes of a PFS that waits for a quorum whose devices answer again: those that hold what was written to
/// them last are kept until they and the nodes that were not fenced are a quorum, and then written again.
/// </summary>
/// <remarks>Other nodes, which are behind or were never synced in this mount, do not count: they are resynchronized
/// when the quorum is back. Used by one thread.</remarks>
internal sealed class StalledNodes(ClusterMount mount, ILogger logger)
{
    private readonly Dictionary<PresentNode, PfsEntry> _level = [];

    private Pfs Pfs => mount.Pfs;

    /// <summary>Looks once at each fenced node.</summary>
    /// <param name="find">Finds the PFS on the devices of a fenced node, read anew; null when they do not
    /// answer.</param>
    /// <returns>The nodes that are written again; none while they are too few.</returns>
    public IReadOnlyList<PresentNode> Check(Func<PresentNode, PfsEntry?> find)
    {
        foreach (NodeMember member in Pfs.View.Members)
        {
            if (member is PresentNode { State: NodeState.Failed, IsKeptOffline: false } failed && !Has(failed))
                Look(failed, find);
        }
        return Pfs.View.Synced.Count + _level.Count >= Pfs.View.Quorum ? Return() : [];
    }

    /// <summary>Forgets what was found: the PFS does not wait any more.</summary>
    public void Forget() => _level.Clear();

    // A device may fail again while the others are awaited.
    private bool Has(PresentNode failed)
    {
        if (!_level.TryGetValue(failed, out PfsEntry? entry)) return false;
        bool isLost = entry.Device.Committer is { IsFenced: true };
        foreach (Devices.Volume volume in entry.Device.Volumes.Volumes) isLost |= volume.Device.Failure is not null;
        if (isLost) _ = _level.Remove(failed);
        return !isLost;
    }

    private void Look(PresentNode failed, Func<PresentNode, PfsEntry?> find)
    {
        if (find(failed) is not { } entry || !Pfs.Writer!.QuorumReturn.IsLevel(failed, entry.Root.Reference)) return;
        entry.Device.KeepsPreparedRecord = failed.Device.KeepsPreparedRecord;
        entry.Device.Faults.Label = Pfs.ClusterNodes.LabelText;
        if (entry.Device.OpenForWriting() != Hammer2Error.None) return;
        _level[failed] = entry;
        MountLog.NodeAwaitsQuorum(logger, Pfs.ClusterNodes.LabelText, failed.Name);
    }

    private List<PresentNode> Return()
    {
        var returned = new List<(PresentNode Before, PresentNode After)>();
        var nodes = new List<PresentNode>();
        foreach ((PresentNode before, PfsEntry entry) in _level)
        {
            NodeFacts facts = NodeFacts.Of(
                entry.Root.Reference, entry.Root.Meta, entry.Root.AfterInodeName, entry.Device.Volumes, record: null)
                .AsIn(Pfs.View.Record);
            var after = new PresentNode(before.Slot, entry, NodeState.Synced, facts);
            returned.Add((before, after));
            nodes.Add(after);
        }
        Hammer2Error error = Pfs.Writer!.QuorumReturn.Run(returned);
        bool isReturned = nodes.TrueForAll(Pfs.View.Has);
        if (error != Hammer2Error.None) MountLog.ReturnFailed(logger, Pfs.ClusterNodes.LabelText, error);
        _level.Clear();
        if (!isReturned) return [];
        foreach (PresentNode node in nodes)
        {
            mount.Add(node.Entry);
            MountLog.NodeReturned(logger, Pfs.ClusterNodes.LabelText, node.Name, node.State);
        }
        return nodes;
    }
}
