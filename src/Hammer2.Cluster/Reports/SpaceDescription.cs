// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Reports;

/// <summary>The space of a mounted PFS.</summary>
/// <param name="Shown">What df(1) shows.</param>
/// <param name="ReserveBytes">Free bytes that only operations which remove may use.</param>
/// <param name="ReservedBytes">Free bytes reserved for accepted changes, at their worst case: of the node that has
/// reserved the most, by all PFSs on it.</param>
/// <param name="UnwrittenBytes">Bytes of dirty blocks that are on no node yet.</param>
/// <param name="UncommittedBytes">Bytes of blocks that are on nodes and that no commit has yet: of the node that has
/// the most, of all PFSs on it.</param>
/// <param name="StagedBytes">Bytes, of all nodes, that the last bulkfree left to be freed by the next one; null before
/// the first one of the mount.</param>
public readonly record struct SpaceDescription(PfsSpace Shown, long ReserveBytes, long ReservedBytes,
    long UnwrittenBytes, ulong UncommittedBytes, long? StagedBytes);
