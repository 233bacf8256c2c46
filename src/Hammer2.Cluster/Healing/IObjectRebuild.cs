// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Cluster.Healing;

/// <summary>A part of an object that one node stores anew from the others.</summary>
/// <param name="Slot">The slot of the node.</param>
/// <param name="Inum">Number of the inode; 1 for the index of inodes.</param>
/// <param name="Key">A key below the block that cannot be read; null when that is the block of the inode.</param>
/// <param name="IsLeaf">True when the block is that of the leaf with this key; else one of references above it.</param>
internal readonly record struct ObjectPart(int Slot, ulong Inum, ulong? Key, bool IsLeaf);

/// <summary>Has the next commit store parts of objects anew.</summary>
internal interface IObjectRebuild
{
    /// <summary>Commits, and with it what could be rebuilt.</summary>
    /// <param name="parts">The parts. Those of objects that are gone are left out.</param>
    /// <returns>None; ReadOnly once the PFS is stopped; NoSpace; what kept the commit from a quorum of nodes.</returns>
    /// <remarks>Entry: no lock held. Whether a part could be had is seen by reading it.</remarks>
    Hammer2Error Run(IReadOnlyList<ObjectPart> parts);
}
