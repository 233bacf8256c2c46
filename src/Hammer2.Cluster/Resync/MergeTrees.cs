// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Trees;

namespace Hammer2.Cluster.Resync;

/// <summary>The trees of one object on the source and on the target of a resynchronization.</summary>
/// <param name="Source">Device of the source.</param>
/// <param name="SourceTop">The object there.</param>
/// <param name="Target">Device of the target.</param>
/// <param name="TargetTop">The object there, of the same type; null when there is none.</param>
internal readonly record struct MergeTrees(MediaDevice Source, Chain SourceTop, MediaDevice Target, Chain? TargetTop)
{
    /// <summary>True when both trees were written by this driver alone, so that equal numbers mean equal
    /// content.</summary>
    public bool TrustsTids { get; init; }

    /// <summary>mirror_tid of a commit of the source whose tree the target had; 0 when none is known.</summary>
    public ulong BaseTid { get; init; }

    /// <summary>A walk over both.</summary>
    public TreePairWalk Walk(ulong first) => new(Source, SourceTop, Target, TargetTop, first, BaseTid);

    /// <summary>A walk over that of the source alone.</summary>
    public TreePairWalk WalkSource(ulong first) => new(Source, SourceTop, Target, targetTop: null, first, baseTid: 0);

    /// <summary>An editor of that of the target.</summary>
    public TreeEditor EditTarget()
    {
        TreeShape shape = TreeShape.OfInode(SourceTop.Meta.Type, SourceTop.Reference.Methods.Check);
        return new TreeEditor(Target, shape, TargetTop is null ? default : TargetTop.Table);
    }
}
