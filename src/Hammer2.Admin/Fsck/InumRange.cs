// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Admin.Fsck;

/// <summary>A range of inode numbers whose inodes cannot be read.</summary>
/// <param name="First">The lowest.</param>
/// <param name="Last">The highest.</param>
internal readonly record struct InumRange(ulong First, ulong Last);
