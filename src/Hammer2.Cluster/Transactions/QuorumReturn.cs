// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Ends a stall: nodes that were fenced, and hold what this mount wrote to them last, are written again together with
/// those that were not; then what waited is committed.
/// </summary>
/// <remarks>
/// Such a node holds the last commit of a quorum, or a later attempt that too few nodes took. Both may go on side by
/// side: the group of that attempt is committed again, under a new number, and a change that a tree has already is the
/// same when it is made again.
/// </remarks>
internal sealed class QuorumReturn
{
    private readonly ClusterNodes _nodes;
    private readonly ViewChange _viewChange;
    private readonly InodeCache _inodes;
    private readonly BatchWriter _writer;
    private readonly CommitQueue _queue;
    private readonly NodeFencing _fencing;
    private readonly FailStop _failStop;

    public QuorumReturn(ClusterNodes nodes, ViewChange viewChange, InodeCache inodes, BatchWriter writer,
        CommitQueue queue, NodeFencing fencing, FailStop failStop)
    {
        _queue = queue;
        _nodes = nodes;
        _viewChange = viewChange;
        _inodes = inodes;
        _writer = writer;
        _failStop = failStop;
        _fencing = fencing;
    }

    /// <summary>Called when a stall has ended, with no lock held.</summary>
    public Action? Ended { get; set; }

    /// <summary>Sets what becomes of changes without a quorum. A stall ends for any other policy than to stall: the PFS
    /// is stopped, and what was not committed is given up.</summary>
    /// <param name="setting">The policy in use.</param>
    /// <param name="policy">The new one.</param>
    public void SetPolicy(QuorumPolicySetting setting, QuorumPolicy policy)
    {
        setting.Policy = policy;
        if (policy == QuorumPolicy.Stall || !_failStop.IsStalled) return;
        _failStop.Stop(Hammer2Error.NoQuorum, _nodes.View.Synced.Count, _nodes.View.Quorum);
        Ended?.Invoke();
    }

    /// <summary>Stops the PFS, and with it a stall: what was not committed is given up.</summary>
    public void Shutdown()
    {
        bool isStalled = _failStop.IsStalled;
        _failStop.Shutdown();
        if (isStalled) Ended?.Invoke();
    }

    /// <summary>True when a fenced node whose media were read anew can go on where it was: they hold what this mount
    /// wrote there last, and that is no older than the last commit of a quorum.</summary>
    /// <param name="node">The fenced node.</param>
    /// <param name="root">The root of the PFS that was found.</param>
    public bool IsLevel(PresentNode node, in Blockref root) =>
        node.HasWritten(root) && root.ModifyTid >= _fencing.LastCommit;

    /// <summary>Has nodes written again, and commits what waited.</summary>
    /// <param name="returned">Each fenced node with what it is from now on: synced, its device open for
    /// writing.</param>
    /// <returns>None; NoQuorum when they are too few; Invalid when it is not stalled any more; what writing dirty
    /// blocks to one of them met; what kept the commit from a quorum of nodes.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Run(IReadOnlyList<(PresentNode Before, PresentNode After)> returned)
    {
        Hammer2Error error = Exchange(returned);
        if (error != Hammer2Error.None) return error;
        error = _queue.CommitAll();
        if (error == Hammer2Error.None) MountLog.StallEnded(_nodes.Logger, _nodes.LabelText);
        if (!_failStop.IsStalled) Ended?.Invoke();
        return error;
    }

    private Hammer2Error Exchange(IReadOnlyList<(PresentNode Before, PresentNode After)> returned) =>
        _viewChange.RunWhileHalted(
            view => WithReturned(view, returned),
            after =>
            {
                if (!_failStop.IsStalled) return Hammer2Error.Invalid;
                if (after.Synced.Count < after.Quorum) return Hammer2Error.NoQuorum;
                _writer.AwaitQuiet();
                return Move(after, returned);
            },
            _failStop.Resume);

    private Hammer2Error Move(ClusterView after, IReadOnlyList<(PresentNode Before, PresentNode After)> returned)
    {
        var alive = new List<PresentNode>();
        foreach (PresentNode node in after.Synced)
            if (_nodes.View.Has(node)) alive.Add(node);
        var others = new List<PresentNode>();
        foreach ((_, PresentNode node) in returned) others.Add(node);
        IReadOnlyCollection<DirtyBlock> blocks = _inodes.DirtyBlocks();
        foreach (DirtyBlock block in blocks) block.Retry();
        var relocation = new DirtyRelocation(blocks, alive, others);
        Hammer2Error error = relocation.Run();
        if (relocation.LostTotal > 0) MountLog.DirtyLost(_nodes.Logger, _nodes.LabelText, relocation.LostTotal);
        return error;
    }

    private static ClusterView WithReturned(
        ClusterView view, IReadOnlyList<(PresentNode Before, PresentNode After)> returned)
    {
        foreach ((PresentNode before, PresentNode after) in returned) view = view.WithUnfenced(before, after);
        return view;
    }
}
