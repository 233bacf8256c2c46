// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Makes what was received in parts a PFS, on each node that has all of it.</summary>
internal sealed class FinishReceivedEdit : PfsRootEdit
{
    private readonly byte[] _label;
    private readonly MediaUuid _clusterId;
    private readonly ReceivingPosition _whole;
    private readonly ulong _tid;
    private readonly bool[] _isDone = new bool[Media.NodesMax];

    /// <param name="label">Its label.</param>
    /// <param name="clusterId">Its cluster: what else a node has under this label stays as it is.</param>
    /// <param name="whole">What all of it is.</param>
    /// <param name="tid">modify_tid of the snapshot that was sent.</param>
    public FinishReceivedEdit(byte[] label, MediaUuid clusterId, ReceivingPosition whole, ulong tid) =>
        (_label, _clusterId, _whole, _tid) = (label, clusterId, whole, tid);

    /// <summary>True when the last attempt made it a PFS on the node in a slot.</summary>
    public bool IsDone(int slot) => _isDone[slot];

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        _isDone[turn.Slot] = false;
        Hammer2Error error = turn.FindOwn(_label, _clusterId, out Chain? root);
        if (root is null || root.Meta.PfsRole != InodeMeta.ReceivingRole) return error;
        var holds = new List<PfsHold>();
        if (!PfsHolds.TryRead(root.AfterInodeName, holds) || ReceivingPosition.Take(holds, out _) != _whole)
            return Hammer2Error.None;
        // Shorter than what it replaces.
        Invariant.Holds(PfsHolds.TryWrite(holds, _label.Length, out byte[] after));
        InodeMeta meta = root.Meta;
        meta.PfsRole = (byte)PfsType.Master;
        Blockref reference = root.Reference;
        reference.ModifyTid = _tid;
        // Without a stamp the next mount for writing looks for orphans.
        error = turn.Put(meta, new InodeName(_label, after), root.Table, ref reference, isStamped: false);
        _isDone[turn.Slot] = error == Hammer2Error.None;
        return error;
    }
}
