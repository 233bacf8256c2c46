// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Healing;

/// <summary>Where a block is in the trees of a PFS.</summary>
/// <param name="ClusterId">The cluster of the PFS: other devices may have nodes of it.</param>
/// <param name="Inum">Number of the inode whose tree it is in; 1 for the index of inodes.</param>
/// <param name="Key">Its key there.</param>
internal readonly record struct BlockPlace(MediaUuid ClusterId, ulong Inum, ulong Key);
