// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>A version of a PFS root that was found on media and agrees with the check code of a reference to it.</summary>
/// <param name="Address">The address of its block.</param>
/// <param name="Slot">The address of the reference.</param>
/// <param name="MirrorTid">The commit that wrote it.</param>
/// <param name="NodeId">The id of the PFS.</param>
/// <param name="IsSnapshot">True when it is a snapshot.</param>
internal readonly record struct FoundRoot(
    ulong Address, ulong Slot, ulong MirrorTid, MediaUuid NodeId, bool IsSnapshot);
