// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// Copies snapshots of a PFS to a synced node that lacks them, since it joined or was away. Each begins as what the
/// node has that is nearest to it, the live tree or the snapshot after it, and gets what differs: what they share on
/// the source is shared on the node, too.
/// </summary>
/// <remarks>Used by one thread, while the PFS may be read and written. A copy says that it is incomplete until it is
/// done; one that was interrupted goes on where it was.</remarks>
internal sealed class SnapshotTransfer
{
    private readonly ClusterNodes _nodes;
    private readonly PresentNode _node;
    private readonly ResyncOptions _options;
    private readonly UnitClient _client;

    /// <param name="nodes">The nodes of the PFS.</param>
    /// <param name="node">A synced one.</param>
    /// <param name="options">Clock, chance, and when to end.</param>
    public SnapshotTransfer(ClusterNodes nodes, PresentNode node, ResyncOptions options)
    {
        _nodes = nodes;
        _node = node;
        _options = options;
        _client = new UnitClient(nodes.LabelText);
    }

    /// <summary>Copies all that the node lacks and another synced node has.</summary>
    /// <param name="copied">How many it has more now.</param>
    /// <returns>None; Interrupted; NoSpace; NodeDown when it is the only synced node; Exists when it has another PFS
    /// with the label of one; the fault of a block that could not be read; what writing met.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Run(out int copied)
    {
        copied = 0;
        if (!_node.IsSynced || FindSource() is not { } source) return Hammer2Error.NodeDown;
        Hammer2Error error = FindLacking(source, out List<PfsEntry> lacking, out List<PfsEntry> begun);
        if (error != Hammer2Error.None || lacking.Count == 0) return error;
        _node.Device.Committer!.Attach(_client);
        try
        {
            Chain nearest = _node.Root;
            foreach (PfsEntry snapshot in lacking)
            {
                PfsEntry? known = begun.Find(one => one.ClusterId == snapshot.ClusterId);
                error = Copy(source, snapshot, known, ref nearest);
                if (error != Hammer2Error.None) return error;
                copied++;
            }
            return error;
        }
        finally
        {
            _node.Device.Committer!.Detach(_client);
        }
    }

    private PresentNode? FindSource()
    {
        foreach (PresentNode node in _nodes.View.Synced)
            if (node != _node) return node;
        return null;
    }

    // The newest first: each differs little from the one before.
    private Hammer2Error FindLacking(
        PresentNode source, out List<PfsEntry> lacking, out List<PfsEntry> begun)
    {
        begun = [];
        lacking = [];
        var there = new List<PfsEntry>();
        var here = new List<PfsEntry>();
        Hammer2Error error = PfsEntry.List(source.Device, there) | PfsEntry.List(_node.Device, here);
        if (error != Hammer2Error.None) return error;
        var line = new HashSet<MediaUuid> { _node.Entry.ClusterId };
        // Snapshots of snapshots may be listed before them.
        for (int before = 0; before < line.Count;)
        {
            before = line.Count;
            foreach (PfsEntry entry in there)
                if (line.Contains(entry.Root.Meta.PfsOriginId)) _ = line.Add(entry.ClusterId);
        }
        foreach (PfsEntry entry in there)
        {
            if (entry.ClusterId == _node.Entry.ClusterId || !line.Contains(entry.ClusterId)
                || NodeFacts.RoleOf(entry.Root.Meta) != NodeRole.Master) continue;
            PfsEntry? own = here.Find(one => one.ClusterId == entry.ClusterId);
            bool isBegun = own is not null && NodeFacts.RoleOf(own.Root.Meta) == NodeRole.Returning;
            if (isBegun) begun.Add(own!);
            if (own is null || isBegun) lacking.Add(entry);
        }
        lacking.Sort(static (left, right) =>
            right.Root.Reference.ModifyTid.CompareTo(left.Root.Reference.ModifyTid));
        return error;
    }

    private Hammer2Error Copy(PresentNode source, PfsEntry snapshot, PfsEntry? begun, ref Chain nearest)
    {
        if (begun is null)
        {
            var edit = new TransferredRootEdit(snapshot.Root, nearest, PfsIds.Draw(_options.Random).NodeIdOf(0));
            Hammer2Error refused = PfsListCommit.Run(_node.Device, edit);
            if (refused != Hammer2Error.None) return refused;
            begun = new PfsEntry(_node.Device, edit.Written!);
        }
        var target = new PresentNode(_node.Slot, begun, NodeState.Copying, _node.Facts);
        var from = new PresentNode(source.Slot, snapshot, NodeState.Synced, source.Facts);
        Hammer2Error error = ResyncSource.Pin(from, out ResyncSource? pinned);
        if (error != Hammer2Error.None) return error;
        using (pinned)
        {
            bool trustsTids = CommitStamp.Judge(_node.Root.Reference) == StampState.Valid
                && CommitStamp.Judge(pinned!.Root.Reference) == StampState.Valid;
            error = CopyUnits(pinned!, new ResyncTarget(target, _client, trustsTids));
        }
        nearest = target.Root;
        return error;
    }

    private Hammer2Error CopyUnits(ResyncSource pinned, ResyncTarget target)
    {
        var data = new StoredDataCopier(pinned.Node.Device, _node.Device.Committer!.Writer);
        ResyncPosition? position = default(ResyncPosition);
        target.BeginPass();
        while (position is not null)
        {
            if (_options.IsCancelled()) return Hammer2Error.Interrupted;
            Hammer2Error error = target.CopyUnit(pinned, data, baseTid: 0, ref position);
            if (error != Hammer2Error.None) return error;
            _options.Throttle.Count(target.LastUnitBytes, _options.IsCancelled);
        }
        return target.HasTargetFault ? Hammer2Error.Corrupt : target.Finish(pinned);
    }
}
