// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>A PFS of which roots were found on media.</summary>
/// <param name="Label">The label in the newest of them.</param>
/// <param name="NodeId">The id that all its roots have.</param>
/// <param name="Live">What the newest tree has of it; null when the PFS was deleted.</param>
internal sealed record FoundPfs(byte[] Label, MediaUuid NodeId, LivePfs? Live)
{
    /// <summary>The index of no PFS: no root was found that leads to the inode.</summary>
    public const short Unknown = -1;
}
