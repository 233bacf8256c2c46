// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Resync;

/// <summary>A commit of a node whose tree the node that is resynchronized has.</summary>
/// <param name="Node">The node that has the commit.</param>
/// <param name="MirrorTid">mirror_tid of the commit.</param>
/// <param name="Exchanges"><see cref="ClusterNodes.Exchanges"/> before the commit was read.</param>
internal readonly record struct ResyncBase(PresentNode Node, ulong MirrorTid, long Exchanges);
