// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;
using Hammer2.Membership;

namespace Hammer2.Cluster.Changes;

// Numbers and ids of a cluster's commits.
public sealed partial class PfsWriter
{
    // A commit that was acknowledged in an epoch is on a majority, and any later assembly sees one node of it. No
    // writer goes beyond the first number of an epoch before a majority holds that, so that a later assembly that could
    // meet such commits knows of the epoch and takes the next.
    private Hammer2Error BeginEpoch(bool hasNameless)
    {
        ulong first;
        _gate.EnterWriteLock();
        try
        {
            ulong greatest = _lastTid;
            foreach (PfsNode node in Pfs.Nodes) greatest = Math.Max(greatest, node.Facts.NumberKnown);
            if (!CommitNumber.TryBeginEpoch(greatest, _options.Random(), out first)) return Hammer2Error.TooLarge;
            _lastTid = first;
        }
        finally
        {
            _gate.ExitWriteLock();
        }
        Hammer2Error error = CommitEmpty(first, hasNameless);
        return error == Hammer2Error.None ? CommitEmpty(Interlocked.Increment(ref _lastTid), hasNameless) : error;
    }

    // Entry: the commit lock is held.
    private Hammer2Error RenewEpoch(bool hasNameless)
    {
        if (!Pfs.Assembly.IsCluster || !CommitNumber.NeedsEpoch(Volatile.Read(ref _lastTid))) return Hammer2Error.None;
        Hammer2Error error = BeginEpoch(hasNameless);
        if (error != Hammer2Error.None) Stop(error);
        return error;
    }

    // Of a cluster each attempt to commit has a number of its own. Entry: no operation runs.
    private ulong NumberCommit() => Pfs.Assembly.IsCluster ? ++_lastTid : _lastTid;

    private ClusterCommit? DrawCommit()
    {
        if (!Pfs.Assembly.IsCluster) return null;
        ulong id = _options.Random();
        return new ClusterCommit(Pfs.Assembly.MastersTotal, id == 0 ? 1 : id);
    }
}

/// <summary>What the PFS root of every node says of its cluster.</summary>
/// <param name="Masters">How many masters the cluster has.</param>
/// <param name="CommitId">Shared by all nodes of this attempt; never 0.</param>
internal readonly record struct ClusterCommit(int Masters, ulong CommitId);
