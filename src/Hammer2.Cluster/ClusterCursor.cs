// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster;

/// <summary>
/// A <see cref="ChainCursor"/> over an object of a cluster: walks the focus, and has the keys that a bad
/// block of the focus hides shown by a sibling.
/// </summary>
/// <remarks>The logical content of synced nodes is equal, so a walk may change trees between two
/// keys.</remarks>
internal ref struct ClusterCursor
{
    private readonly Inode _inode;
    private ChainCursor _focus;
    private ChainCursor _repair;
    private ulong _repairLast;
    private bool _isRepairing;

    /// <summary>Stands before the first leaf with a key in [first, last] of an object.</summary>
    /// <param name="inode">The object.</param>
    /// <param name="first">Lowest key.</param>
    /// <param name="last">Highest key.</param>
    public ClusterCursor(in Inode inode, ulong first, ulong last)
    {
        _inode = inode;
        Node = inode.FocusNode.Slot;
        // An object that no commit has shows nothing here: an empty range of any chain.
        Chain top = inode.Focus ?? inode.FocusNode.Root;
        _focus = inode.Focus is null
            ? new ChainCursor(DeviceOf(Node), top, 1, 0)
            : new ChainCursor(DeviceOf(Node), top, first, last);
    }

    /// <summary>The slot of the node that the last step read.</summary>
    public int Node { get; private set; }

    /// <summary>The device of that node.</summary>
    public readonly MediaDevice Device => DeviceOf(Node);

    /// <summary>The leaf that the last step found.</summary>
    [UnscopedRef]
    public readonly ref readonly Blockref Current
    {
        get
        {
            if (_isRepairing) return ref _repair.Current;
            return ref _focus.Current;
        }
    }

    /// <summary>Goes to the next leaf.</summary>
    /// <returns>None; NoEntry at the end; or the OR-ed faults of all nodes for keys that none can show. The
    /// next step goes on behind those.</returns>
    public Hammer2Error MoveNext()
    {
        while (true)
        {
            Hammer2Error error;
            if (_isRepairing)
            {
                error = _repair.MoveNext();
                if (error == Hammer2Error.None) return error;
                if (error.IsNodeFault()) error = Repair(_repair.HiddenFirst, _repairLast, error);
                else EndRepair();
            }
            else
            {
                error = _focus.MoveNext();
                if (!error.IsNodeFault()) return error;
                error = Repair(_focus.HiddenFirst, _focus.HiddenLast, error);
            }
            if (error != Hammer2Error.NoEntry) return error;
        }
    }

    /// <summary>Looks for a sibling that shows the keys [first, last].</summary>
    /// <returns>None with the sibling standing on the first of them; NoEntry when a sibling shows that there
    /// are none; the faults of all nodes, with the one that hides least standing behind what it
    /// hides.</returns>
    private Hammer2Error Repair(ulong first, ulong last, Hammer2Error errors)
    {
        bool hasRest = _isRepairing;
        _inode.Nodes.WantHealed(Node, _inode.Inum, first, errors);
        foreach (int node in _inode.Siblings.Except(Node))
        {
            Hammer2Error error = _inode.TryOnNode(node, out Chain? top);
            if (error != Hammer2Error.None)
            {
                errors |= error;
                continue;
            }
            var sibling = new ChainCursor(DeviceOf(node), top!, first, last);
            error = sibling.MoveNext();
            if (error == Hammer2Error.NoEntry)
            {
                _inode.Nodes.CountRepairedRead();
                EndRepair();
                return error;
            }
            if (error != Hammer2Error.None)
            {
                _inode.Nodes.WantHealed(node, _inode.Inum, sibling.HiddenFirst, error);
                errors |= error;
                if (hasRest && sibling.HiddenLast >= _repair.HiddenLast) continue;
                hasRest = true;
            }
            _repair = sibling;
            _repairLast = last;
            _isRepairing = true;
            Node = node;
            if (error != Hammer2Error.None) continue;
            _inode.Nodes.CountRepairedRead();
            return error;
        }
        return errors;
    }

    private void EndRepair()
    {
        _isRepairing = false;
        Node = _inode.FocusNode.Slot;
    }

    private readonly MediaDevice DeviceOf(int slot) => _inode.NodeAt(slot).Device;
}
