// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Healing;

/// <summary>A place in the trees of a PFS that a node could not show.</summary>
/// <param name="Slot">The slot of the node.</param>
/// <param name="Inum">Number of the inode whose tree it is; 1 for the index of inodes.</param>
/// <param name="Key">A key below the block that could not be read; in the index the number of an inode.</param>
internal readonly record struct HealRequest(int Slot, ulong Inum, ulong Key);
