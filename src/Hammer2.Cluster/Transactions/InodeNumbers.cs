// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Assigns inode numbers, each once.</summary>
/// <remarks>Lock-free.</remarks>
internal sealed class InodeNumbers
{
    private readonly ClusterNodes _nodes;
    private ulong _last;

    public InodeNumbers(ClusterNodes nodes)
    {
        _nodes = nodes;
        RaiseToRoots();
    }

    /// <summary>The highest number assigned so far.</summary>
    public ulong Last => Volatile.Read(ref _last);

    /// <summary>Assigns a number. Where no node can read the part of the index that it belongs to, so that a commit
    /// could not insert it, the numbers of that part are passed over.</summary>
    public ulong Next()
    {
        while (true)
        {
            ulong inum = Interlocked.Increment(ref _last);
            ulong hidden = HiddenWith(inum);
            if (hidden < inum || hidden >= Media.EntryKeyBit - 1) return inum;
            Raise(hidden);
        }
    }

    /// <summary>Assigns only numbers above what the roots of the nodes say.</summary>
    public void RaiseToRoots()
    {
        foreach (PresentNode node in _nodes.View.Synced) Raise(Math.Max(node.Root.Meta.PfsInum, Media.InumFirst - 1));
    }

    /// <summary>Checks the counter that the PFS root stores against the index: where a writer failed to store it, a
    /// number that is in use must not be assigned again. Numbers that no node can show count as in use.</summary>
    /// <returns>None; the faults of all nodes when none can show the end of the index.</returns>
    public Hammer2Error RaiseToIndex()
    {
        Hammer2Error errors = Hammer2Error.None;
        bool isKnown = false;
        ulong hidden = 0;
        foreach (PresentNode node in _nodes.View.Synced)
        {
            Hammer2Error error = RaiseToIndex(node, ref hidden);
            errors |= error;
            isKnown |= error == Hammer2Error.None;
        }
        if (isKnown) return Hammer2Error.None;
        if (hidden >= Media.EntryKeyBit - 1) return errors;
        Raise(hidden);
        return Hammer2Error.None;
    }

    private Hammer2Error RaiseToIndex(PresentNode node, ref ulong hidden)
    {
        var cursor = new ChainCursor(node.Device, node.Root, _last + 1, Media.EntryKeyBit - 1);
        Hammer2Error faults = Hammer2Error.None;
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            faults |= error;
            if (error == Hammer2Error.None) Raise(cursor.Current.Key);
            else hidden = Math.Max(hidden, cursor.HiddenLast);
        }
        return faults;
    }

    // The last number that is hidden together with this one; 0 when a node can show it.
    private ulong HiddenWith(ulong inum)
    {
        ulong hidden = 0;
        foreach (PresentNode node in _nodes.View.Synced)
        {
            var cursor = new ChainCursor(node.Device, node.Root, inum, Media.EntryKeyBit - 1);
            if (!cursor.MoveNext().IsNodeFault() || cursor.HiddenFirst > inum) return 0;
            hidden = Math.Max(hidden, cursor.HiddenLast);
        }
        return hidden;
    }

    private void Raise(ulong least)
    {
        ulong last = Volatile.Read(ref _last);
        while (last < least)
        {
            ulong seen = Interlocked.CompareExchange(ref _last, least, last);
            if (seen == last) return;
            last = seen;
        }
    }
}
