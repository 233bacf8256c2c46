// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Deletes what was received in part under a label, on each node that has such a part; one that has all of it
/// keeps it.</summary>
internal sealed class DeleteReceivedEdit(byte[] label) : PfsRootEdit
{
    /// <inheritdoc/>
    public override bool Removes => true;

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = PfsRootKeys.Find(turn.Device, label, out Chain? root, out _);
        if (error is Hammer2Error.NoEntry or Hammer2Error.NoSpace) return Hammer2Error.None;
        if (error != Hammer2Error.None || root!.Meta.PfsRole != InodeMeta.ReceivingRole) return error;
        return turn.Remove(root.Reference.Key);
    }
}
