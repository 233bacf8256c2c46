// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Scrubbing;

/// <summary>How far a scrub of a filesystem is, in the order of the trees.</summary>
/// <param name="PfsKey">Key of the PFS root below the super-root.</param>
/// <param name="IndexKey">Key in that PFS's index of inodes.</param>
/// <param name="Key">Key in the tree of that inode.</param>
internal readonly record struct ScrubPosition(ulong PfsKey, ulong IndexKey, ulong Key);
