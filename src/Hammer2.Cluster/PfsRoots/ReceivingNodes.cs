// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Chains;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>
/// The filesystems that receive a PFS together: those of the nodes of a mounted PFS that were synced when it began, or
/// one that is not mounted. Each gets the same records in commits of its own; what makes them a PFS goes with a commit
/// of the mounted PFS, on a quorum of its nodes or on none.
/// </summary>
/// <remarks>One caller at a time.</remarks>
public sealed class ReceivingNodes : IDisposable
{
    private readonly Pfs? _pfs;
    private readonly NodeThreads _threads;
    private readonly INodeRunner _runner;

    private ReceivingNodes(Pfs? pfs, List<ReceivingNode> nodes, NodeThreads threads, INodeRunner? runner)
    {
        (_pfs, Nodes, _threads) = (pfs, nodes, threads);
        _runner = runner ?? threads;
    }

    /// <summary>The filesystems.</summary>
    public IReadOnlyList<ReceivingNode> Nodes { get; }

    /// <summary>Names of the nodes that take no part, since they are not synced.</summary>
    public IReadOnlyList<string> Others { get; private init; } = [];

    /// <summary>How many of them must have it.</summary>
    public int Quorum => _pfs?.View.Quorum ?? 1;

    /// <summary>What stopped the mounted PFS; None while it can be written.</summary>
    public Hammer2Error StopReason => _pfs is { Writer: var writer }
        ? writer?.StopReason ?? Hammer2Error.ReadOnly : Hammer2Error.None;

    private int Masters => _pfs is { ClusterNodes: { IsCluster: true } nodes } ? nodes.MastersTotal : 0;

    /// <summary>The nodes of a PFS that is mounted for writing.</summary>
    /// <param name="pfs">The PFS.</param>
    /// <param name="scheduler">Starts threads; null for the system's.</param>
    /// <param name="runner">Runs what nodes do side by side; null for threads.</param>
    public static ReceivingNodes Of(Pfs pfs, IScheduler? scheduler = null, INodeRunner? runner = null)
    {
        ArgumentNullException.ThrowIfNull(pfs);
        var nodes = new List<ReceivingNode>();
        var others = new List<string>();
        foreach (NodeMember member in pfs.View.Members)
        {
            if (member is PresentNode { IsSynced: true } node) nodes.Add(new ReceivingNode(node));
            else if (member.State != NodeState.Passive) others.Add(member.Name);
        }
        return new ReceivingNodes(pfs, nodes, new NodeThreads(scheduler), runner) { Others = others };
    }

    /// <summary>A filesystem that is not mounted.</summary>
    /// <param name="device">The filesystem, opened for writing.</param>
    public static ReceivingNodes Alone(MediaDevice device) =>
        new(pfs: null, [new ReceivingNode(device, slot: 0)], new NodeThreads(), runner: null);

    /// <summary>Begins a PFS on all nodes, or finds what was begun there.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="origin">Cluster id of the snapshot that was sent.</param>
    /// <param name="tid">modify_tid of that snapshot.</param>
    /// <param name="random">Gives 64 random bits, for ids.</param>
    /// <param name="seconds">The time, in seconds since 1970 UTC.</param>
    /// <param name="begun">For each node the PFS, or what kept it from being begun; empty after an error.</param>
    /// <returns>None; Invalid for a label that is none; Exists when all nodes have it, or one has another PFS of this
    /// label; Busy when nodes have it with different ids.</returns>
    /// <remarks>One caller at a time changes the list of PFSs.</remarks>
    public Hammer2Error Begin(byte[] label, MediaUuid origin, ulong tid, Func<ulong> random, uint seconds,
        out IReadOnlyList<BegunNode> begun)
    {
        begun = [];
        var found = new List<BegunNode>();
        MediaUuid? clusterId = null;
        bool isApart = false;
        foreach (ReceivingNode node in Nodes)
        {
            Hammer2Error error = ReceivedState.Find(node.Device, label, out ReceivedState? state);
            if (error == Hammer2Error.None) error = state!.Judge(origin, tid);
            if (error is Hammer2Error.Invalid or Hammer2Error.Exists) return error;
            found.Add(new BegunNode(node, error, state));
            if (error != Hammer2Error.None || state!.Root is not { } root) continue;
            isApart |= clusterId is { } first && root.Meta.PfsClusterId != first;
            clusterId = root.Meta.PfsClusterId;
        }
        if (found.TrueForAll(static one => one.IsWhole)) return Hammer2Error.Exists;
        if (isApart) return Hammer2Error.Busy;
        var ids = PfsIds.Draw(random, clusterId);
        foreach (BegunNode one in found) one.Begin(label, ids, Masters, seconds);
        begun = found;
        return Hammer2Error.None;
    }

    /// <summary>Has nodes do something side by side.</summary>
    /// <param name="nodes">The nodes, each with what it does. An exception stops the mounted PFS.</param>
    public void RunAll(IReadOnlyList<(ReceivingNode Node, Action Work)> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        var steps = new List<NodeStep>();
        foreach ((ReceivingNode node, Action work) in nodes)
        {
            string name = $"receive {node.Name}";
            steps.Add(new NodeStep(name, () => Run(name, work)));
        }
        _runner.RunAll(steps);
    }

    // One that is not mounted has no thread but that of the caller.
    private void Run(string name, Action work)
    {
        if (_pfs?.Writer is not { } writer)
        {
            work();
            return;
        }
        _ = writer.RunInBackground(name, () =>
        {
            work();
            return Hammer2Error.None;
        });
    }

    /// <summary>Makes what was received a PFS, durably, on each node that has all of it.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="clusterId">Its cluster.</param>
    /// <param name="whole">What all of it is.</param>
    /// <param name="tid">modify_tid of the snapshot that was sent.</param>
    /// <param name="done">The nodes on which it became one.</param>
    /// <returns>None; NoSpace; what kept the commit from a quorum of nodes.</returns>
    /// <remarks>One caller at a time changes the list of PFSs.</remarks>
    public Hammer2Error Finish(byte[] label, MediaUuid clusterId, ReceivingPosition whole, ulong tid,
        out IReadOnlyList<ReceivingNode> done)
    {
        var edit = new FinishReceivedEdit(label, clusterId, whole, tid);
        Hammer2Error error = _pfs is null
            ? PfsListCommit.Run(Nodes[0].Device, edit)
            : _pfs.Writer?.Commit(edit) ?? Hammer2Error.ReadOnly;
        var whose = new List<ReceivingNode>();
        foreach (ReceivingNode node in Nodes)
            if (error == Hammer2Error.None && node.IsUsable && edit.IsDone(node.Slot)) whose.Add(node);
        done = whose;
        return error;
    }

    /// <inheritdoc/>
    public void Dispose() => _threads.Dispose();
}
