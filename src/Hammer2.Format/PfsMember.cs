// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>A node as a membership record stores it.</summary>
/// <param name="Slot">0 to 7, the node's as long as it is a member.</param>
/// <param name="Role">Its part.</param>
/// <param name="FilesystemStart">The first eight bytes of the id of its filesystem, by which people know it.</param>
/// <param name="Check">A hash over the ids of cluster, filesystem and node.</param>
public readonly record struct PfsMember(int Slot, MemberRole Role, ulong FilesystemStart, uint Check);
