// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Chains;
using Hammer2.Cluster.Healing;
using Hammer2.Format;
using Hammer2.Membership;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>Space and objects of a PFS, as df(1) shows them.</summary>
/// <param name="TotalBytes">Allocatable bytes of the smallest node.</param>
/// <param name="FreeBytes">Free bytes of the fullest node.</param>
/// <param name="InodesTotal">Objects in the PFS, the root included.</param>
/// <param name="AvailableBytes">Free bytes available to new data: without dirty data and without the space reserved for
/// removing.</param>
public readonly record struct PfsSpace(
    ulong TotalBytes, ulong FreeBytes, ulong InodesTotal, ulong AvailableBytes);

/// <summary>
/// The nodes that a mounted PFS is stored on, and what can be read from them without its uncommitted changes: the
/// current view, inodes as of the last commit, free space. Reading (<see cref="Inode"/>) and writing (transactions,
/// write-back) both build on it; <see cref="Pfs"/> puts the two together.
/// </summary>
/// <remarks>Thread-safe, without a lock.</remarks>
internal sealed class ClusterNodes
{
    private ClusterView _view;
    private MembershipDecision _membership;
    private long _repairedReads;
    private long _exchanges;

    public ClusterNodes(byte[] label, ClusterView view, MembershipDecision membership, ILogger logger)
    {
        Label = label;
        LabelText = ByteText.Decode(label);
        _membership = membership;
        Logger = logger;
        _view = view;
    }

    /// <summary>The label of the PFS.</summary>
    public ReadOnlyMemory<byte> Label { get; }

    /// <summary>The label as text, for the log.</summary>
    public string LabelText { get; }

    /// <summary>The membership decision made when the PFS was mounted, or began to be written.</summary>
    public MembershipDecision Membership => Volatile.Read(ref _membership);

    /// <summary>True when the PFS has, or had, several masters: its commits are numbered by epochs.</summary>
    public bool IsCluster => Membership.IsCluster || View.Record is not null;

    /// <summary>How many masters it has, absent ones included.</summary>
    public int MastersTotal => View.Record?.Masters ?? Membership.MastersTotal;

    /// <summary>Receives what happens to the nodes.</summary>
    public ILogger Logger { get; }

    /// <summary>The nodes at present. An operation reads the view once, when it begins.</summary>
    public ClusterView View => Volatile.Read(ref _view);

    /// <summary>Number of reads from a sibling after the focus failed.</summary>
    public long RepairedReads => Volatile.Read(ref _repairedReads);

    /// <summary>Places that nodes could not show and others could.</summary>
    public HealQueue Heals { get; } = new();

    /// <summary>Counts a read from a sibling after the focus failed.</summary>
    public void CountRepairedRead() => _ = Interlocked.Increment(ref _repairedReads);

    /// <summary>Has a place of a node healed that it could not show.</summary>
    /// <param name="slot">The slot of the node.</param>
    /// <param name="inum">Number of the inode whose tree it is; 1 for the index of inodes.</param>
    /// <param name="key">A key below the block that could not be read.</param>
    /// <param name="error">What reading met. A node that is down, or has another version, is not damaged.</param>
    public void WantHealed(int slot, ulong inum, ulong key, Hammer2Error error)
    {
        const Hammer2Error damage = Hammer2Error.Io | Hammer2Error.Check | Hammer2Error.Corrupt;
        if ((error & damage) != 0) Heals.Add(new HealRequest(slot, inum, key));
    }

    /// <summary>Replaces a view by another, if it is still the current one. Operations that have the old one continue
    /// with it.</summary>
    public bool TrySwapView(ClusterView before, ClusterView after) =>
        Interlocked.CompareExchange(ref _view, after, before) == before;

    /// <summary>Replaces view and decision, while nothing is written.</summary>
    public void Adopt(ClusterView view, MembershipDecision membership)
    {
        Volatile.Write(ref _membership, membership);
        Volatile.Write(ref _view, view);
    }

    /// <summary>Tells commits before an exchange of the root from those after it: odd while one is being made. The tree
    /// of a later commit came from that of an earlier one by changes alone if this was the same even number before the
    /// earlier one was read and after the later one was.</summary>
    public long Exchanges => Volatile.Read(ref _exchanges);

    /// <summary>The root is going to be exchanged.</summary>
    public void BeginExchange() => _ = Interlocked.Increment(ref _exchanges);

    /// <summary>It was, or not.</summary>
    public void EndExchange() => _ = Interlocked.Increment(ref _exchanges);

    /// <summary>Finds an inode as of the last commit, on the first node in the read order that can be read.</summary>
    /// <param name="view">The nodes.</param>
    /// <param name="inum">Its number.</param>
    /// <param name="node">The node that was read.</param>
    /// <param name="chain">Its chain there.</param>
    /// <returns>None; NoEntry; the errors of all nodes when none could be read.</returns>
    public Hammer2Error LoadCommitted(ClusterView view, ulong inum, out PresentNode? node, out Chain? chain)
    {
        Hammer2Error faults = Hammer2Error.None;
        foreach (int slot in view.ReadOrderOf(inum))
        {
            node = view[slot];
            Hammer2Error error = node.LoadInode(inum, out chain);
            if (!error.IsNodeFault())
            {
                if (faults != Hammer2Error.None) CountRepairedRead();
                return error;
            }
            WantHealed(slot, Media.PfsRootInum, inum, error);
            faults |= error;
        }
        (node, chain) = (null, null);
        return faults == Hammer2Error.None ? Hammer2Error.NodeDown : faults;
    }

    /// <summary>Finds another node to read for a dirty inode whose focus left.</summary>
    /// <param name="view">The nodes.</param>
    /// <param name="inum">Its number.</param>
    /// <param name="isNew">True when no commit has it yet.</param>
    /// <param name="node">The node.</param>
    /// <param name="chain">Its chain there; null when no commit has it.</param>
    /// <returns>As <see cref="LoadCommitted"/>; None for a new inode that the nodes do not have.</returns>
    public Hammer2Error FindFocus(
        ClusterView view, ulong inum, bool isNew, out PresentNode? node, out Chain? chain)
    {
        Hammer2Error error = LoadCommitted(view, inum, out node, out chain);
        if (error != Hammer2Error.NoEntry || !isNew) return error;
        (node, chain) = (view.FocusOf(inum), null);
        return Hammer2Error.None;
    }

    /// <summary>
    /// Space available to the user: every node must store every write, so the minimum of all nodes. After the last node
    /// was fenced, the values of that time.
    /// </summary>
    /// <param name="reserveBytes">Free bytes that operations which add may not use.</param>
    /// <param name="unwrittenBytes">Bytes of dirty blocks that are on no node yet.</param>
    public PfsSpace GetSpace(long reserveBytes = 0, long unwrittenBytes = 0)
    {
        ClusterView view = View;
        ulong total = ulong.MaxValue, free = ulong.MaxValue;
        ulong inodes = 0;
        foreach (int slot in view.Shown)
        {
            PresentNode node = view[slot];
            total = Math.Min(total, node.Device.Header.Fields.AllocatorBytes);
            free = Math.Min(free, node.Device.FreeBytes);
            inodes = Math.Max(inodes, node.Root.Reference.Subtree.InodeCount);
        }
        free = Math.Min(free, total);
        // Reservations of dirty data are worst cases; only its actual bytes are subtracted here.
        ulong kept = (ulong)(reserveBytes + unwrittenBytes);
        return new PfsSpace(total, free, inodes + 1, free > kept ? free - kept : 0);
    }
}
