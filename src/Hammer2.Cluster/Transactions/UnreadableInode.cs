// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>An inode of a group that needs a block which cannot be read.</summary>
/// <param name="Image">The inode as the group has it.</param>
/// <param name="Fault">What reading met.</param>
internal readonly record struct UnreadableInode(FrozenInode Image, Hammer2Error Fault);
