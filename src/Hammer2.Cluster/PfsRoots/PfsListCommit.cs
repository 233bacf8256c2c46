// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>Commits a change of the list of PFSs of one device by itself, without a commit of a PFS.</summary>
internal static class PfsListCommit
{
    /// <summary>Commits a change.</summary>
    /// <param name="device">The device, opened for writing.</param>
    /// <param name="edit">The change; not a snapshot.</param>
    /// <returns>None; NoSpace; what reading the super-root or writing met, which leaves the list as it was.</returns>
    /// <remarks>Enters a turn.</remarks>
    public static Hammer2Error Run(MediaDevice device, PfsRootEdit edit)
    {
        MediaCommitter committer = device.Committer!;
        long reserved = SpaceCost.OfOperation(dataBytes: 0, leaves: 2);
        SpaceUse use = edit.Removes ? SpaceUse.Remove : SpaceUse.Add;
        if (!committer.Space.TryReserve(reserved, 0, use)) return Hammer2Error.NoSpace;
        using (var turn = CommitTurn.Enter(committer))
        {
            Hammer2Error error = edit.Apply(new PfsRootTurn(device, Slot: 0));
            PreparedCommit? prepared = null;
            if (error == Hammer2Error.None) error = committer.Prepare(default, out prepared);
            if (error == Hammer2Error.None) error = committer.Publish(prepared!);
            committer.Space.Release(reserved);
            return error;
        }
    }
}
