// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// Copies snapshots of a PFS to a synced node that lacks them, since it joined or was away, or on which they are
/// damaged. Each begins as what the node has that is nearest to it, the live tree or the snapshot after it, and gets
/// what differs: what they share on the source is shared on the node, too.
/// </summary>
/// <remarks>Used by one thread, while the PFS may be read and written. A copy says that it is incomplete until it is
/// done; one that was interrupted goes on where it was.</remarks>
internal sealed class SnapshotTransfer
{
    private readonly ClusterNodes _nodes;
    private readonly PresentNode _node;
    private readonly ResyncOptions _options;
    private readonly SnapshotClaim _claim;
    private readonly UnitClient _client;
    private readonly SnapshotReplacement _replacement;

    /// <param name="nodes">The nodes of the PFS.</param>
    /// <param name="node">A synced one.</param>
    /// <param name="options">Clock, chance, and when to end.</param>
    /// <param name="claim">Claims snapshots of the node that are to be replaced.</param>
    public SnapshotTransfer(ClusterNodes nodes, PresentNode node, ResyncOptions options, SnapshotClaim claim)
    {
        _nodes = nodes;
        _node = node;
        _options = options;
        _claim = claim;
        _client = new UnitClient(nodes.LabelText);
        _replacement = new SnapshotReplacement(node, options);
    }

    /// <summary>Copies all that the node lacks and another synced node has, and what is damaged.</summary>
    /// <param name="copied">How many were copied.</param>
    /// <returns>None; Interrupted; NoSpace; NodeDown when it is the only synced node; Exists when it has another PFS
    /// with the label of one; Busy when all were copied but damaged ones that are in use; the fault of a block that
    /// could not be read; what writing met.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Run(out int copied)
    {
        copied = 0;
        if (!_node.IsSynced || FindSource() is not { } source) return Hammer2Error.NodeDown;
        Hammer2Error error = FindWanted(source, out List<Wanted> wanted);
        if (error != Hammer2Error.None || wanted.Count == 0) return error;
        _node.Device.Committer!.Attach(_client);
        bool isAnyUsed = false;
        try
        {
            Chain nearest = _node.Root;
            foreach (Wanted one in wanted)
            {
                using IDisposable? claim = one.IsReplaced && one.Own is not null ? _claim(one.Own) : null;
                if (one.IsReplaced && one.Own is not null && claim is null)
                {
                    isAnyUsed = true;
                    continue;
                }
                error = Copy(source, one, ref nearest);
                if (error != Hammer2Error.None) return error;
                copied++;
            }
            return isAnyUsed ? Hammer2Error.Busy : error;
        }
        finally
        {
            _node.Device.Committer!.Detach(_client);
        }
    }

    // The one on which the last scrubs left least: snapshots may be damaged there, too.
    private PresentNode? FindSource()
    {
        PresentNode? best = null;
        int least = int.MaxValue;
        foreach (PresentNode node in _nodes.View.Synced)
        {
            int damaged = node.Device.Committer?.Upkeep.Current.Places.Count ?? 0;
            if (node != _node && damaged < least) (best, least) = (node, damaged);
        }
        return best;
    }

    // The newest first: each differs little from the one before.
    private Hammer2Error FindWanted(PresentNode source, out List<Wanted> wanted)
    {
        wanted = [];
        var there = new List<PfsEntry>();
        var here = new List<PfsEntry>();
        Hammer2Error error = PfsEntry.List(_node.Device, here);
        if (_replacement.HasLostRoots) error = Hammer2Error.None;
        error |= PfsEntry.List(source.Device, there);
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
            bool isReplaced = !isBegun && _replacement.IsNeeded(entry, own);
            if (own is null || isBegun || isReplaced) wanted.Add(new Wanted(entry, own, isBegun, isReplaced));
            // The end of a copy was interrupted.
            else if (here.Exists(kept => SnapshotReplacement.IsKeptOf(kept, entry)))
                error |= _replacement.End(entry, own.Root.Reference.Key);
        }
        wanted.Sort(static (left, right) =>
            right.Snapshot.Root.Reference.ModifyTid.CompareTo(left.Snapshot.Root.Reference.ModifyTid));
        return error;
    }

    private Hammer2Error Begin(in Wanted wanted, Chain nearest, out PfsEntry? begun)
    {
        begun = wanted.Own;
        if (wanted.IsBegun) return Hammer2Error.None;
        Chain? root;
        Hammer2Error error;
        if (wanted.IsReplaced) error = _replacement.Begin(wanted.Snapshot, wanted.Own, nearest, out root);
        else
        {
            var edit = new TransferredRootEdit(
                wanted.Snapshot.Root, nearest, PfsIds.Draw(_options.Random).NodeIdOf(0));
            error = PfsListCommit.Run(_node.Device, edit);
            root = edit.Written;
        }
        begun = error == Hammer2Error.None ? new PfsEntry(_node.Device, root!) : null;
        return error;
    }

    private Hammer2Error Copy(PresentNode source, in Wanted wanted, ref Chain nearest)
    {
        Hammer2Error error = Begin(wanted, nearest, out PfsEntry? begun);
        if (error != Hammer2Error.None) return error;
        var target = new PresentNode(_node.Slot, begun!, NodeState.Copying, _node.Facts);
        var from = new PresentNode(source.Slot, wanted.Snapshot, NodeState.Synced, source.Facts);
        error = ResyncSource.Pin(from, out ResyncSource? pinned);
        if (error != Hammer2Error.None) return error;
        using (pinned)
        {
            bool trustsTids = CommitStamp.Judge(_node.Root.Reference) == StampState.Valid
                && CommitStamp.Judge(pinned!.Root.Reference) == StampState.Valid;
            error = CopyUnits(pinned!, new ResyncTarget(target, _client, trustsTids));
        }
        nearest = target.Root;
        // One that was begun before may have taken the place of another.
        bool mayHaveKept = wanted.IsBegun || wanted.IsReplaced;
        return error == Hammer2Error.None && mayHaveKept
            ? _replacement.End(wanted.Snapshot, target.Root.Reference.Key) : error;
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

    private readonly record struct Wanted(PfsEntry Snapshot, PfsEntry? Own, bool IsBegun, bool IsReplaced);
}
