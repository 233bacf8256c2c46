// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

public sealed partial class PfsWriter
{
    /// <summary>What comes before the first change: checks the counter of inode numbers against the index, and
    /// begins an epoch.</summary>
    /// <returns>None; NoQuorum and the faults of nodes when too few took the epoch; what the index met.</returns>
    internal Hammer2Error Start()
    {
        Hammer2Error error = RaiseLastInum();
        return error == Hammer2Error.None && Pfs.Assembly.MastersTotal > 1 ? BeginEpoch() : error;
    }

    // A commit that was acknowledged in an epoch is on a majority, and any later assembly sees one node of it.
    // Nobody goes beyond the first number of an epoch before a majority holds that, so that a later assembly
    // that could meet such commits knows of the epoch and takes the next.
    private Hammer2Error BeginEpoch()
    {
        ulong epoch = 0;
        foreach (PfsNode node in Pfs.Nodes)
        {
            if (node.Entry is not null)
                epoch = Math.Max(epoch, CommitNumber.EpochOf(node.Root.Reference.ModifyTid));
        }
        _lastTid = CommitNumber.First(epoch + 1, _options.EpochTag);
        Hammer2Error error = CommitEmpty(_lastTid);
        if (error != Hammer2Error.None) return error;
        _lastTid += _tidStep;
        return CommitEmpty(_lastTid);
    }

    private Hammer2Error CommitEmpty(ulong tid)
    {
        lock (_commitGate) return WriteGroup(new ClosedGroup([], _lastInum, tid, 0));
    }

    // The root says which number comes next. Where a writer failed to say so, a number that is in use must not
    // be given out a second time.
    private Hammer2Error RaiseLastInum()
    {
        foreach (PfsNode node in Pfs.Synced)
        {
            var cursor = new ChainCursor(node.Device, node.Root, _lastInum + 1, Media.EntryKeyBit - 1);
            Hammer2Error error;
            while ((error = cursor.MoveNext()) == Hammer2Error.None) _lastInum = cursor.Current.Key;
            if (error != Hammer2Error.NoEntry) return error;
        }
        return Hammer2Error.None;
    }
}
