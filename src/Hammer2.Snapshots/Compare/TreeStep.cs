// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Snapshots.Compare;

/// <summary>What a step of a <see cref="TreeComparison"/> found.</summary>
internal enum TreeStep
{
    /// <summary>Nothing more.</summary>
    End,

    /// <summary>A leaf that only one tree has, or two that are not the same.</summary>
    Leaf,

    /// <summary>A block of one tree that cannot be read: what both have in its range of keys is not compared.</summary>
    Hidden,
}
