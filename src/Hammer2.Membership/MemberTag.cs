// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Membership;

/// <summary>The identity of a node of a cluster in the short form in which a membership record stores it.</summary>
/// <param name="FilesystemStart">The first eight bytes of the id of its filesystem.</param>
/// <param name="Check">A hash over the ids of cluster, filesystem and node: what is copied to another cluster, or made
/// anew on the same filesystem, is another node.</param>
public readonly record struct MemberTag(ulong FilesystemStart, uint Check)
{
    /// <summary>The tag of a node.</summary>
    /// <param name="clusterId">The id of its cluster.</param>
    /// <param name="node">The node.</param>
    public static MemberTag Of(MediaUuid clusterId, NodeIdentity node)
    {
        MediaUuid[] ids = [clusterId, node.FilesystemId, node.PfsId];
        ulong hash = CheckCode.Hash64(MemoryMarshal.AsBytes(ids.AsSpan()));
        return new MemberTag(node.FilesystemId.Low, (uint)hash);
    }

    /// <summary>The start of the id of its filesystem, as tools print it.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{new MediaUuid { Low = FilesystemStart }.ToString()[..18]}...");
}
