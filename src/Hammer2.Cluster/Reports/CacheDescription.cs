// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Reports;

/// <summary>A cache that the PFSs of a process share.</summary>
/// <param name="Name">What it holds: metadata, or data (file blocks that were read in part).</param>
/// <param name="HeldBytes">Bytes in it.</param>
/// <param name="MaxBytes">The most that it holds.</param>
/// <param name="Hits">Searches that found a block.</param>
/// <param name="Misses">Searches that did not.</param>
public sealed record CacheDescription(string Name, long HeldBytes, long MaxBytes, long Hits, long Misses);
