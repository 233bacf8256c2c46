// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Format;
using Hammer2.Membership;
using Linux.Text;

namespace Hammer2.Cluster.Changes;

public sealed partial class PfsWriter
{
    private const int NamelessAtOnce = 4096;

    /// <summary>What comes before the first change: checks the counter of inode numbers against the index, begins
    /// an epoch, and removes objects without a name that a crash left.</summary>
    /// <returns>None; NoQuorum and the faults of nodes when too few took the epoch; what the index met.</returns>
    internal Hammer2Error Start()
    {
        Hammer2Error error = RaiseLastInum();
        bool mayHaveNameless = CommitStamp.MayHaveNameless(Pfs.Synced[0].Root.Reference);
        if (error == Hammer2Error.None && Pfs.Assembly.IsCluster) error = BeginEpoch(mayHaveNameless);
        return error == Hammer2Error.None && mayHaveNameless ? RemoveNameless() : error;
    }

    private Hammer2Error CommitEmpty(ulong tid, bool hasNameless)
    {
        var group = new ClosedGroup([], _lastInum, tid, 0, hasNameless, Removes: false) { Cluster = DrawCommit() };
        lock (_commitGate)
            return _failStop.Run("a commit", (this, group), static work => work.Item1.WriteGroup(ref work.group));
    }

    // An object that was in use when power failed, and had no name: nobody can reach it any more. There is no
    // other mark on media than its link count, so that every inode is looked at, unless the last commit was this
    // driver's and says that there are none.
    private Hammer2Error RemoveNameless()
    {
        // Until the search is through, commits say that there may be some.
        _ = _nameless.Add(0);
        int removed = 0;
        ulong next = Media.PfsRootInum + 1;
        bool isAtEnd = false;
        while (!isAtEnd)
        {
            var found = new List<ulong>();
            isAtEnd = FindNameless(ref next, found);
            foreach (ulong inum in found)
            {
                Hammer2Error error = RemoveIfNameless(inum);
                if (error != Hammer2Error.None) return error;
            }
            removed += found.Count;
            Hammer2Error committed = found.Count > 0 ? Commit() : Hammer2Error.None;
            if (committed != Hammer2Error.None) return committed;
        }
        _ = _nameless.Remove(0);
        if (removed > 0)
            MountLog.NamelessRemoved(Pfs.Logger, ByteText.Decode(Pfs.Label.Span), removed);
        return CommitEmpty(Interlocked.Increment(ref _lastTid), hasNameless: _nameless.Count > 0);
    }

    // What cannot be read is left to whoever repairs it.
    private bool FindNameless(ref ulong next, List<ulong> found)
    {
        PfsNode node = Pfs.Synced[Pfs.FocusOf(Media.PfsRootInum)];
        var cursor = new ChainCursor(node.Device, node.Root, next, Media.EntryKeyBit - 1);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error != Hammer2Error.None) continue;
            Blockref reference = cursor.Current;
            next = reference.Key + 1;
            if (reference.Type != BlockrefType.Inode || node.Device.Load(reference, out Chain? inode) != 0) continue;
            if (inode!.Meta.LinkCount == 0) found.Add(reference.Key);
            if (found.Count == NamelessAtOnce) return false;
        }
        return true;
    }

    // The root says which number comes next. Where a writer failed to say so, a number that is in use must not
    // be given out a second time: those that no node can show count as in use.
    private Hammer2Error RaiseLastInum()
    {
        Hammer2Error errors = Hammer2Error.None;
        bool isKnown = false;
        ulong hidden = 0;
        foreach (PfsNode node in Pfs.Synced)
        {
            Hammer2Error error = RaiseLastInum(node, ref hidden);
            errors |= error;
            isKnown |= error == Hammer2Error.None;
        }
        if (isKnown) return Hammer2Error.None;
        if (hidden >= Media.EntryKeyBit - 1) return errors;
        _lastInum = Math.Max(_lastInum, hidden);
        return Hammer2Error.None;
    }

    private Hammer2Error RaiseLastInum(PfsNode node, ref ulong hidden)
    {
        var cursor = new ChainCursor(node.Device, node.Root, _lastInum + 1, Media.EntryKeyBit - 1);
        Hammer2Error faults = Hammer2Error.None;
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            faults |= error;
            if (error == Hammer2Error.None) _lastInum = cursor.Current.Key;
            else hidden = Math.Max(hidden, cursor.HiddenLast);
        }
        return faults;
    }

    /// <summary>A number for a new inode. Where no node can read the part of the index that it belongs to, and the
    /// commit could not put it in, later numbers are taken.</summary>
    private ulong NextInum()
    {
        while (true)
        {
            ulong inum = Interlocked.Increment(ref _lastInum);
            ulong hidden = HiddenNumbers(inum);
            if (hidden < inum || hidden >= Media.EntryKeyBit - 1) return inum;
            ulong last = Volatile.Read(ref _lastInum);
            while (last < hidden)
            {
                ulong seen = Interlocked.CompareExchange(ref _lastInum, hidden, last);
                if (seen == last) break;
                last = seen;
            }
        }
    }

    // The last number that is hidden together with this one; 0 when a node can show it.
    private ulong HiddenNumbers(ulong inum)
    {
        ulong hidden = 0;
        foreach (PfsNode node in Pfs.Synced)
        {
            if (!node.IsSynced) continue;
            var cursor = new ChainCursor(node.Device, node.Root, inum, Media.EntryKeyBit - 1);
            if (!cursor.MoveNext().IsNodeFault() || cursor.HiddenFirst > inum) return 0;
            hidden = Math.Max(hidden, cursor.HiddenLast);
        }
        return hidden;
    }
}
