// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Reports;

/// <summary>The space of a mounted PFS.</summary>
/// <param name="Shown">What df(1) shows.</param>
/// <param name="ReserveBytes">Free bytes that only operations which remove may use.</param>
/// <param name="ReservedBytes">Free bytes reserved for accepted changes, at their worst case: of the node that has
/// reserved the most, by all PFSs on it.</param>
/// <param name="UnwrittenBytes">Bytes of dirty blocks that are on no node yet.</param>
public readonly record struct SpaceDescription(
    PfsSpace Shown, long ReserveBytes, long ReservedBytes, long UnwrittenBytes);
