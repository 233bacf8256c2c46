// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Resync;

/// <summary>What a step of a <see cref="TreePairWalk"/> found.</summary>
internal enum PairStep
{
    /// <summary>Nothing more.</summary>
    End,

    /// <summary>A leaf of one tree, or of both.</summary>
    Leaf,

    /// <summary>A block of the source cannot be read: the walk cannot go on.</summary>
    SourceFault,

    /// <summary>A block of the target cannot be read: its range of keys is passed on both sides, and what the source
    /// has there is to be copied.</summary>
    TargetFault,
}
