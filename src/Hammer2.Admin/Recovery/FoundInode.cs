// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>A version of an inode that was found on media and agrees with the check code of a reference to it.</summary>
/// <param name="Inum">Its number.</param>
/// <param name="Address">The address of its block.</param>
/// <param name="Slot">The address of the reference.</param>
/// <param name="ModifyTid">The change of the PFS that made it.</param>
/// <param name="MirrorTid">The commit of the filesystem that wrote it.</param>
/// <param name="Pfs">Index of the PFS that it belongs to, or <see cref="FoundPfs.Unknown"/>.</param>
/// <param name="Type">Its type.</param>
/// <param name="IsCandidate">True when it may be a deleted object; false for a version of an existing directory, whose
/// entries are of interest.</param>
internal readonly record struct FoundInode(
    ulong Inum, ulong Address, ulong Slot, ulong ModifyTid, ulong MirrorTid, short Pfs, ObjectType Type, bool IsCandidate);
