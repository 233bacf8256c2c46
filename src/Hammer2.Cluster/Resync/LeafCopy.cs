// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>A leaf as the target gets it.</summary>
/// <param name="Leaf">The reference.</param>
/// <param name="IsChanged">False when the target has it as it is.</param>
internal readonly record struct LeafCopy(Blockref Leaf, bool IsChanged)
{
    /// <summary>Key below the leaf from which on it has to be copied by a later unit; null when everything of it was
    /// copied.</summary>
    public ulong? Rest { get; init; }
}
