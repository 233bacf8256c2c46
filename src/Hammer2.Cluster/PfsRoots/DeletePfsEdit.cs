// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Deletes a PFS that is not in use. Bulkfree frees its blocks.</summary>
/// <remarks>Upstream: hammer2_ioctl_pfs_delete.</remarks>
internal sealed class DeletePfsEdit : PfsRootEdit
{
    private readonly byte[] _label;
    private readonly MediaUuid _clusterId;

    /// <param name="label">Its label.</param>
    /// <param name="clusterId">Its cluster: a node that has another PFS under this label keeps it.</param>
    public DeletePfsEdit(byte[] label, MediaUuid clusterId) => (_label, _clusterId) = (label, clusterId);

    /// <inheritdoc/>
    public override bool Removes => true;

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        Hammer2Error error = turn.FindOwn(_label, _clusterId, out Chain? root);
        return root is null ? error : turn.Remove(root.Reference.Key);
    }
}
