// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Commits changes of the list of PFSs, each with the space that it needs.</summary>
internal sealed class RootEditCommit(SpaceReserve space, SpacePressure pressure, CommitQueue queue)
{
    /// <summary>Commits one change on every node, together with all changes of the PFS that were accepted
    /// before.</summary>
    /// <returns>None; NoSpace; ReadOnly for what adds in emergency mode; Io once the PFS is stopped; what kept the
    /// commit from a quorum of nodes.</returns>
    /// <remarks>Entry: no lock held. Labels were checked.</remarks>
    public Hammer2Error Run(PfsRootEdit edit) => Run(edit, static (queue, edit) => queue.CommitAll(edit));

    /// <summary>As above, with a commit of another kind.</summary>
    public Hammer2Error Run(PfsRootEdit edit, Func<CommitQueue, PfsRootEdit, Hammer2Error> commit)
    {
        // Each new root, and the way to its place below the super-root.
        long reserved = SpaceCost.OfOperation(dataBytes: 0, leaves: 2 * edit.RootsWritten);
        SpaceUse use = edit.Removes ? SpaceUse.Remove : SpaceUse.Add;
        if (use == SpaceUse.Add && space.IsEmergency) return Hammer2Error.ReadOnly;
        Hammer2Error error = pressure.Reserve(reserved, 0, use, written: 0);
        if (error != Hammer2Error.None) return error;
        error = commit(queue, edit);
        space.Release(reserved);
        return error;
    }
}
