// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>What a filesystem has under the label of a PFS that is to be received.</summary>
/// <param name="Key">The key of the root, or one that it could have.</param>
/// <param name="Root">The root; null when there is none.</param>
/// <param name="Position">How much it has of a stream; null when it is none that was received in part.</param>
/// <param name="Seconds">When it was begun, in seconds since 1970 UTC; 0 without a position.</param>
internal sealed record ReceivedState(ulong Key, Chain? Root, ReceivingPosition? Position, uint Seconds)
{
    /// <summary>Looks for a label.</summary>
    /// <param name="device">The filesystem, opened for writing.</param>
    /// <param name="label">The label.</param>
    /// <param name="state">What is there; null after an error.</param>
    /// <returns>None; ReadOnly; Invalid for a label that is none; NoSpace when every key of its hash is taken; the
    /// fault of a block on the way.</returns>
    public static Hammer2Error Find(MediaDevice device, byte[] label, out ReceivedState? state)
    {
        state = null;
        if (device.Committer is null) return Hammer2Error.ReadOnly;
        if (!PfsLabel.IsValid(label)) return Hammer2Error.Invalid;
        Hammer2Error error = PfsRootKeys.Find(device, label, out Chain? root, out ulong key);
        if (error is not (Hammer2Error.None or Hammer2Error.NoEntry)) return error;
        state = root is null ? new ReceivedState(key, Root: null, Position: null, Seconds: 0) : Of(root);
        return Hammer2Error.None;
    }

    /// <summary>True when there is a PFS that is not marked as received in part.</summary>
    public bool IsWhole => Root is not null && Position is null;

    /// <summary>Says whether the label can be that of a snapshot that is received.</summary>
    /// <param name="origin">Cluster id of the snapshot that was sent.</param>
    /// <param name="tid">modify_tid of that snapshot.</param>
    /// <returns>None when nothing is there, or this snapshot, in part or as it was received; Busy for a part of another
    /// one; Exists for another PFS.</returns>
    public Hammer2Error Judge(MediaUuid origin, ulong tid)
    {
        if (Root is null) return Hammer2Error.None;
        bool isOfStream = Root.Meta.PfsOriginId == origin && Root.Meta.PfsReceivedTid == tid;
        if (!IsWhole) return isOfStream ? Hammer2Error.None : Hammer2Error.Busy;
        bool isAsReceived = Root.Meta.PfsRole == (byte)PfsType.Master && Root.Reference.ModifyTid == tid;
        return isOfStream && isAsReceived ? Hammer2Error.None : Hammer2Error.Exists;
    }

    private static ReceivedState Of(Chain root)
    {
        var holds = new List<PfsHold>();
        uint seconds = 0;
        bool isPart = root.Meta.PfsRole == InodeMeta.ReceivingRole && PfsHolds.TryRead(root.AfterInodeName, holds);
        ReceivingPosition? position = isPart ? ReceivingPosition.Take(holds, out seconds) : null;
        return new ReceivedState(root.Reference.Key, root, position, seconds);
    }
}
