// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>A change of the list of PFSs below the super-root: one that is created, deleted, renamed or is a snapshot.
/// It becomes durable with a commit, as a whole.</summary>
/// <remarks>The same edit is applied on every node of a cluster, side by side, and again when a commit is tried
/// again.</remarks>
internal abstract class PfsRootEdit
{
    /// <summary>True when blocks may have become free.</summary>
    public virtual bool Removes => false;

    /// <summary>True when it needs the committed root of the PFS that the commit is of, and freezes its
    /// blocks.</summary>
    public virtual bool IsSnapshot => false;

    /// <summary>Root inodes that it writes on each node.</summary>
    public virtual int RootsWritten => 1;

    /// <summary>Changes the list of one device.</summary>
    /// <param name="turn">The device, within its turn.</param>
    /// <returns>None; what reading the super-root or writing a block met.</returns>
    public abstract Hammer2Error Apply(in PfsRootTurn turn);
}
