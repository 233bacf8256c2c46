// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Trees;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Members;

/// <summary>Changes what the PFS root of one node says of its part in a cluster. Its content, number and commit id stay
/// as they are.</summary>
internal sealed class NodeRootEdit : PfsRootEdit
{
    private readonly Chain _root;
    private readonly byte _role;
    private readonly MediaUuid? _clusterId;

    private NodeRootEdit(Chain root, byte role, MediaUuid? clusterId) =>
        (_root, _role, _clusterId) = (root, role, clusterId);

    /// <summary>The root as it was written; null before.</summary>
    public Chain? Written { get; private set; }

    /// <summary>Gives the node another part.</summary>
    /// <param name="root">Its PFS root.</param>
    /// <param name="role">As stored: the type in the low half, the one that it is on the way to in the high
    /// half.</param>
    public static NodeRootEdit Role(Chain root, byte role) => new(root, role, clusterId: null);

    /// <summary>Makes the node a PFS by itself, which no cluster knows.</summary>
    /// <param name="root">Its PFS root.</param>
    /// <param name="clusterId">A new cluster id.</param>
    public static NodeRootEdit Alone(Chain root, MediaUuid clusterId) => new(root, (byte)PfsType.Master, clusterId);

    /// <inheritdoc/>
    public override Hammer2Error Apply(in PfsRootTurn turn)
    {
        InodeMeta meta = _root.Meta;
        meta.PfsRole = _role;
        ReadOnlySpan<byte> after = _root.AfterInodeName;
        if (_clusterId is { } id)
        {
            meta.PfsClusterId = id;
            meta.PfsMasters = 0;
            meta.PfsCommitId = 0;
            after = PfsMembers.Before(after);
        }
        Blockref reference = _root.Reference;
        bool isStamped = CommitStamp.Judge(reference) == StampState.Valid;
        PfsRootTurn stamping = turn with { HasOrphans = CommitStamp.MayHaveOrphans(reference) };
        Hammer2Error error = stamping.Put(
            meta, new InodeName(_root.InodeName, after), _root.Table, ref reference, isStamped, out Chain? written);
        Written = written;
        return error;
    }
}
