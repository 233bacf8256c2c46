// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Resync;

/// <summary>What the references of two nodes to a leaf with the same key say of each other.</summary>
internal enum LeafRelation
{
    /// <summary>Everything is the same but for the places on the devices.</summary>
    Same,

    /// <summary>The content is the same, the numbers of its last change are not.</summary>
    SameContent,

    /// <summary>The references do not prove it: the blocks have to be compared.</summary>
    Unproven,

    /// <summary>The content differs.</summary>
    Different,
}
