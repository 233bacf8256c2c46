// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Verification;

/// <summary>A place that differs between two nodes.</summary>
/// <param name="First">Number of the first node, in the order of mounting.</param>
/// <param name="Second">Number of the second node.</param>
/// <param name="Kind">How.</param>
/// <param name="Path">Path of the object, or what it is in words.</param>
/// <param name="Inum">Number of the inode whose tree it is in; 1 for the index of inodes.</param>
/// <param name="Key">Its key there.</param>
public sealed record NodeDifference(int First, int Second, DifferenceKind Kind, string Path, ulong Inum, ulong Key);
