// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Verification;

/// <summary>How a place of a PFS differs between two nodes.</summary>
public enum DifferenceKind
{
    /// <summary>The first node does not have it.</summary>
    MissingOnFirst,

    /// <summary>The second node does not have it.</summary>
    MissingOnSecond,

    /// <summary>Attributes of an inode.</summary>
    Attributes,

    /// <summary>An entry of a directory leads elsewhere, or has another name.</summary>
    Entry,

    /// <summary>Bytes of a file.</summary>
    Content,

    /// <summary>The first node cannot show it.</summary>
    UnreadableOnFirst,

    /// <summary>The second node cannot show it.</summary>
    UnreadableOnSecond,
}
