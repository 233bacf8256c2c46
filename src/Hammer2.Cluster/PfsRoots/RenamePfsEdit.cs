// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Gives a PFS that is not in use another label. Everything else of it stays as it is.</summary>
internal sealed class RenamePfsEdit : PfsRootEdit
{
    private readonly byte[] _from;
    private readonly byte[] _to;
    private readonly MediaUuid _clusterId;

    /// <param name="from">Its label.</param>
    /// <param name="to">Another one, which no PFS of any node has.</param>
    /// <param name="clusterId">Its cluster: a node that has another PFS under this label keeps it.</param>
    public RenamePfsEdit(byte[] from, byte[] to, MediaUuid clusterId) =>
        (_from, _to, _clusterId) = (from, to, clusterId);

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = turn.FindOwn(_from, _clusterId, out Chain? root);
        if (root is null) return error;
        error = turn.FindFreeKey(_to, out ulong key);
        if (error != Hammer2Error.None) return error;
        if (!RootNames.TryFollow(root, _to.Length, out byte[] after)) return Hammer2Error.TooLarge;
        error = turn.Rewrite(root, new InodeName(_to, after), key);
        return error == Hammer2Error.None ? turn.Remove(root.Reference.Key) : error;
    }
}
