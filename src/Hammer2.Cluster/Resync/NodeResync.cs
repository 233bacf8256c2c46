// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;
using Linux.Text;

namespace Hammer2.Cluster.Resync;

/// <summary>
/// Resynchronizes one node of a PFS that is written: passes that copy what differs from a pinned commit of a synced
/// node, until little changes between two of them; then the rest while operations wait, and the node is synced.
/// </summary>
/// <remarks>Used by one thread. What it did before it was interrupted is not done again: a pass passes what is equal.
/// </remarks>
internal sealed class NodeResync
{
    // What changed during a pass is little enough to hold operations up for it.
    private const int FinalChangesMax = 256;
    private const int PassesMax = 16;
    private const int FinalUnitsMax = 4;

    private readonly ClusterNodes _nodes;
    private readonly Func<QuietWork, Hammer2Error> _whenCommitted;
    private readonly PresentNode _node;
    private readonly ResyncOptions _options;
    private readonly UnitClient _client;
    private readonly ResyncSpace _space;
    private readonly HashSet<PresentNode> _unreadable = [];
    private ResyncTarget _target = null!;
    private ulong _knownTid;
    private ResyncBase? _base;
    private long _exchanges;
    private bool _isContentKept;
    private bool _isVerified;

    /// <param name="nodes">The nodes of the PFS.</param>
    /// <param name="whenCommitted">Runs work while everything is committed and no operation runs.</param>
    /// <param name="node">The node.</param>
    /// <param name="options">Clock, chance, and when to end.</param>
    public NodeResync(
        ClusterNodes nodes, Func<QuietWork, Hammer2Error> whenCommitted, PresentNode node, ResyncOptions options)
    {
        _nodes = nodes;
        _whenCommitted = whenCommitted;
        _node = node;
        _options = options;
        _client = new UnitClient(nodes.LabelText);
        var deletion = new OldestSnapshotDeletion(nodes, node, options.Snapshots);
        _space = new ResyncSpace(node, deletion, options.IsCancelled);
    }

    private MediaCommitter Committer => _node.Device.Committer!;

    private bool IsSlave => _node.Facts.Role == NodeRole.Slave;

    // A slave that holds the last commit has nothing to get.
    private bool IsLevel
    {
        get
        {
            Chain shown = _nodes.View.FocusOf(Media.PfsRootInum).Root, own = _node.Root;
            return own.Meta.PfsRole == (byte)PfsType.Slave
                && own.Reference.ModifyTid == shown.Reference.ModifyTid
                && own.Meta.PfsCommitId == shown.Meta.PfsCommitId
                && CommitStamp.Judge(own.Reference) == StampState.Valid;
        }
    }

    private bool HasQuorum => _nodes.View.Synced.Count >= _nodes.View.Quorum;

    /// <summary>Resynchronizes the node.</summary>
    /// <returns>None when it is synced; Interrupted; NoSpace; NodeDown when its state does not allow it; what its
    /// device met; the faults of all synced nodes when none can show what is to be copied.</returns>
    /// <remarks>Entry: no lock held; a quorum of nodes is synced.</remarks>
    public Hammer2Error Run()
    {
        if (IsSlave && IsLevel) return Hammer2Error.None;
        // One that ended before, or waited for space, begins again.
        if (_node.State is NodeState.Full or NodeState.ChoosingSource) _ = TryChange(NodeEvent.DeadlinePassed);
        Hammer2Error error = _node.Device.OpenForWriting(_options.Time);
        if (error == Hammer2Error.None) error = KeepContent();
        if (error == Hammer2Error.None && !TryChange(NodeEvent.ResyncStarted)) error = Hammer2Error.NodeDown;
        if (error == Hammer2Error.None) error = Copy();
        if (error == Hammer2Error.None)
            MountLog.ResyncDone(_nodes.Logger, _nodes.LabelText, _node.Name, _target.ChangesTotal);
        else Leave(error);
        return error;
    }

    private Hammer2Error Copy()
    {
        _node.Resync = new ResyncProgress(_options.Time);
        MountLog.ResyncStarted(_nodes.Logger, _nodes.LabelText, _node.Name);
        _knownTid = _node.Device.Header.Fields.MirrorTid;
        Committer.Attach(_client);
        try
        {
            return RunPasses();
        }
        finally
        {
            Committer.Detach(_client);
        }
    }

    private Hammer2Error KeepContent()
    {
        _isContentKept = _node.State is not (NodeState.Newer or NodeState.Foreign or NodeState.Passive)
            || _node.Facts.Role == NodeRole.Slave;
        if (_isContentKept) return Hammer2Error.None;
        if (!HasQuorum) return Hammer2Error.NoQuorum;
        _space.Begin();
        Hammer2Error error = KeptContent.Save(_node, _options.Time.GetUtcNow(), _options.Random, out byte[] label);
        while (error == Hammer2Error.NoSpace && (error = _space.Make()) == Hammer2Error.None)
            error = KeptContent.Save(_node, _options.Time.GetUtcNow(), _options.Random, out label);
        if (error != Hammer2Error.None) return error;
        // The commit moved the blocks above the root, which itself stays as it is.
        _isContentKept = true;
        MountLog.ContentKept(_nodes.Logger, _node.Name, ByteText.Decode(label));
        return error;
    }

    private Hammer2Error RunPasses()
    {
        for (int passes = 1; ; passes++)
        {
            if (_options.IsCancelled()) return Hammer2Error.Interrupted;
            Hammer2Error error = ChooseSource(out ResyncSource? source);
            if (error != Hammer2Error.None) return error;
            using (source)
            {
                long before = _target?.ChangesTotal ?? 0;
                error = RunPass(source!, unitsMax: int.MaxValue);
                if (error == Hammer2Error.None)
                {
                    bool isSmall = _target!.ChangesTotal - before <= FinalChangesMax || passes >= PassesMax;
                    error = isSmall ? VerifyOrFinish(source!) : Hammer2Error.Busy;
                    if (error == Hammer2Error.None) return error;
                }
                if (_target!.SourceFault != Hammer2Error.None) _ = _unreadable.Add(source!.Node);
                else if (error != Hammer2Error.Busy) return error;
            }
        }
    }

    private Hammer2Error ChooseSource(out ResyncSource? source)
    {
        source = null;
        _exchanges = _nodes.Exchanges;
        Hammer2Error errors = Hammer2Error.NodeDown;
        foreach (PresentNode node in _nodes.View.Synced)
        {
            if (_unreadable.Contains(node)) continue;
            Hammer2Error error = ResyncSource.Pin(node, out source);
            errors |= error;
            if (error != Hammer2Error.None) continue;
            bool trustsTids = CommitStamp.Judge(_node.Root.Reference) == StampState.Valid
                && CommitStamp.Judge(source!.Root.Reference) == StampState.Valid;
            _target ??= new ResyncTarget(_node, _client, trustsTids);
            _ = TryChange(NodeEvent.SourceChosen);
            return error;
        }
        return errors;
    }

    private Hammer2Error RunPass(ResyncSource source, int unitsMax)
    {
        ulong baseTid = BaseFor(source.Node);
        var data = new StoredDataCopier(source.Node.Device, Committer.Writer);
        ResyncPosition? position = default(ResyncPosition);
        _target.BeginPass();
        _node.Resync!.BeginPass(source.Root.Meta.PfsInum);
        _space.Begin();
        bool isBackground = unitsMax == int.MaxValue;
        for (int units = 0; position is not null; units++)
        {
            if (_options.IsCancelled()) return Hammer2Error.Interrupted;
            if (units == unitsMax || !source.Node.IsSynced) return Hammer2Error.Busy;
            Hammer2Error error = _target.CopyUnit(source, data, baseTid, ref position);
            // Operations wait for the last units.
            if (isBackground) _options.Throttle.Count(_target.LastUnitBytes, _options.IsCancelled);
            // What was dropped with a block of the target is not what the base says.
            if (_target.HasTargetFault) baseTid = 0;
            if (error == Hammer2Error.NoSpace && isBackground)
            {
                data.ForgetPlaces();
                error = _space.Make();
            }
            if (error != Hammer2Error.None) return error;
        }
        _base = new ResyncBase(source.Node, source.MirrorTid, _exchanges);
        _ = TryChange(NodeEvent.PassDone);
        return Hammer2Error.None;
    }

    // After the commit that is copied was pinned.
    private ulong BaseFor(PresentNode source) =>
        _base is { } known && known.Node == source && known.Exchanges == _nodes.Exchanges && known.Exchanges % 2 == 0
            ? known.MirrorTid : 0;

    // The whole is compared once, and takes long: what changed meanwhile is copied before operations have to wait.
    private Hammer2Error VerifyOrFinish(ResyncSource source)
    {
        Hammer2Error error = Hammer2Error.None;
        if (!_isVerified)
        {
            error = Verify(source, baseTid: 0);
            _isVerified = error == Hammer2Error.None;
            return _isVerified ? Hammer2Error.Busy : error;
        }
        _ = TryChange(NodeEvent.DeltaSmall);
        if (IsSlave) return FinishSlave(source);
        error = _whenCommitted(Finish);
        if (error is Hammer2Error.Busy) _ = TryChange(NodeEvent.DeadlinePassed);
        return error;
    }

    // It has the pinned commit, which may not be the last one any more: the next passes get that.
    private Hammer2Error FinishSlave(ResyncSource source)
    {
        if (_target.HasTargetFault) return Hammer2Error.Busy;
        _ = TryChange(NodeEvent.FinalPassDone);
        Hammer2Error error = _target.Finish(source);
        if (error == Hammer2Error.None) _ = TryChange(NodeEvent.DigestEqual);
        return error;
    }

    private Hammer2Error Finish(out Func<ClusterView, ClusterView>? change)
    {
        change = null;
        _exchanges = _nodes.Exchanges;
        Hammer2Error error = ResyncSource.Pin(_base!.Value.Node, out ResyncSource? source);
        if (error != Hammer2Error.None) return error;
        using (source)
        {
            // Fenced meanwhile, it may lack the last commits.
            Chain shown = _nodes.View.FocusOf(Media.PfsRootInum).Root;
            if (!source!.Node.IsSynced || source.Root.Reference.ModifyTid != shown.Reference.ModifyTid
                || source.Root.Meta.PfsCommitId != shown.Meta.PfsCommitId) return Hammer2Error.Busy;
            ulong baseTid = BaseFor(source.Node);
            error = RunPass(source, FinalUnitsMax);
            if (error == Hammer2Error.None && _target.HasTargetFault) error = Hammer2Error.Busy;
            if (error != Hammer2Error.None) return error;
            _ = TryChange(NodeEvent.FinalPassDone);
            error = Verify(source, baseTid);
            if (error == Hammer2Error.None) error = _target.Finish(source);
            if (error != Hammer2Error.None) return error;
            PresentNode synced = Synced(source);
            change = view => ViewMembers.WithVote(
                view.WithResynced(_node, synced), synced, _nodes.Membership.MastersTotal);
            return error;
        }
    }

    private Hammer2Error Verify(ResyncSource source, ulong baseTid)
    {
        var trees = new MergeTrees(source.Node.Device, source.Root, _node.Device, _node.Root)
        {
            TrustsTids = _target.TrustsTids,
            BaseTid = baseTid,
        };
        var comparison = new LogicalComparison(trees, _knownTid, _options.IsCancelled);
        Hammer2Error error = comparison.Run(out bool isEqual);
        if (comparison.SourceFault != Hammer2Error.None) _ = _unreadable.Add(source.Node);
        if (error != Hammer2Error.None || isEqual) return error;
        MountLog.ResyncDiffers(
            _nodes.Logger, _node.Name, comparison.Difference.Key, comparison.Difference.Within);
        return Hammer2Error.Corrupt;
    }

    private PresentNode Synced(ResyncSource source)
    {
        var root = new PfsEntry(_node.Device, _node.Root);
        NodeFacts facts = _node.Facts with
        {
            Role = NodeRole.Master,
            Commit = new CommitPoint(source.Root.Reference.ModifyTid, source.Root.Meta.PfsCommitId),
            Stamp = StampState.Valid,
            MastersStored = source.Root.Meta.PfsMasters,
            IsUncertain = false,
            Prepared = null,
            IsPreparedTorn = false,
            NumberKnown = source.Root.Reference.ModifyTid,
        };
        return new PresentNode(_node.Slot, root, NodeState.Synced, facts);
    }

    private bool TryChange(NodeEvent e)
    {
        var facts = new TransitionFacts(
            _node.Facts, _nodes.Membership.Commit, HasQuorum, _isContentKept);
        return _node.TryChange(e, facts);
    }

    // The state from which it can be begun again.
    private void Leave(Hammer2Error error)
    {
        MountLog.ResyncEnded(_nodes.Logger, _nodes.LabelText, _node.Name, error);
        bool isLost = _node.Device.Committer is not { IsFenced: false };
        if (isLost) _ = TryChange(NodeEvent.WriteFailed) || TryChange(NodeEvent.DeviceLost);
        else if (error != Hammer2Error.NoSpace || !TryChange(NodeEvent.SpaceExhausted))
        {
            _ = TryChange(NodeEvent.SourceLost);
            if (_node.State == NodeState.ChoosingSource) _ = TryChange(NodeEvent.DeadlinePassed);
        }
    }
}
