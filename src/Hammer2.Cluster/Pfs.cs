// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;
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
/// A mounted PFS: its nodes, of which the synced ones are read. A PFS on one device is a cluster of one.
/// </summary>
/// <remarks>Upstream: <c>hammer2_pfs_t</c>. Thread-safe; while nothing is written, immutable.</remarks>
public sealed class Pfs
{
    private ClusterView _view;
    private long _repairedReads;

    internal Pfs(byte[] label, ClusterView view, MembershipDecision membership, ILogger logger)
    {
        Logger = logger;
        Label = label;
        Membership = membership;
        _view = view;
    }

    /// <summary>The label that was mounted.</summary>
    public ReadOnlyMemory<byte> Label { get; }

    /// <summary>Its nodes. An operation reads the view once, when it begins.</summary>
    public ClusterView View => Volatile.Read(ref _view);

    /// <summary>The present nodes, in the order in which they were named.</summary>
    public IReadOnlyList<PresentNode> Nodes => View.Nodes;

    /// <summary>The membership decision made when the PFS was mounted.</summary>
    public MembershipDecision Membership { get; }

    /// <summary>Number of reads from a sibling after the focus failed.</summary>
    public long RepairedReads => Volatile.Read(ref _repairedReads);

    /// <summary>The writer; null while the PFS is read-only.</summary>
    public PfsWriter? Writer { get; private set; }

    internal ILogger Logger { get; }

    /// <summary>Finds an inode by number.</summary>
    /// <returns>None; NoEntry when the nodes agree that there is none; the errors of all nodes when none could be
    /// read.</returns>
    public Hammer2Error GetInode(ulong inum, out Inode inode)
    {
        ClusterView view = View;
        if (Writer is { } writer && writer.TryGetDirty(inum, out DirtyInode? dirty))
        {
            inode = new Inode(this, view, dirty);
            if (dirty.IsDeleted) return Hammer2Error.NoEntry;
            return view.Has(dirty.FocusNode) ? Hammer2Error.None : Refocus(ref inode);
        }
        Hammer2Error error = LoadCommitted(view, inum, out PresentNode? node, out Chain? chain);
        inode = error == Hammer2Error.None ? new Inode(this, view, node!, inum, chain!) : default;
        return error;
    }

    /// <summary>Finds an inode as of the last commit, on the first node in the read order that can be read.</summary>
    /// <param name="view">The nodes.</param>
    /// <param name="inum">Its number.</param>
    /// <param name="node">The node that was read.</param>
    /// <param name="chain">Its chain there.</param>
    /// <returns>None; NoEntry; the errors of all nodes when none could be read.</returns>
    internal Hammer2Error LoadCommitted(ClusterView view, ulong inum, out PresentNode? node, out Chain? chain)
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
            faults |= error;
        }
        (node, chain) = (null, null);
        return faults == Hammer2Error.None ? Hammer2Error.NodeDown : faults;
    }

    /// <summary>
    /// Makes the PFS writable: reads the freemap of every synced node and repairs it after a crash, begins an epoch of
    /// commits if there are several masters, and deletes orphans left by a crash. Nodes that are not synced are neither
    /// read nor written.
    /// </summary>
    /// <param name="options">Options.</param>
    /// <returns>None; ReadOnly; NoQuorum with the reason in <see cref="Membership"/>; the error of a freemap, of the
    /// index of inodes or of a first commit. After an error the PFS stays read-only.</returns>
    public Hammer2Error OpenForWriting(PfsWriteOptions? options = null)
    {
        if (Writer is not null) return Hammer2Error.None;
        if (Membership.Obstacle != WriteObstacle.None) return Hammer2Error.NoQuorum;
        foreach (PresentNode node in View.Synced)
        {
            Hammer2Error error = node.Device.OpenForWriting();
            if (error != Hammer2Error.None) return error;
        }
        var writer = new PfsWriter(this, options ?? new PfsWriteOptions());
        try
        {
            Hammer2Error refused = writer.Start();
            if (refused == Hammer2Error.None) Writer = writer;
            return refused;
        }
        finally
        {
            if (Writer is null) writer.Dispose();
        }
    }

    /// <summary>
    /// Space available to the user: every node must store every write, so the minimum of all nodes. After the last node
    /// was fenced, the values of that time.
    /// </summary>
    public PfsSpace GetSpace()
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
        ulong kept = Writer is { } writer ? (ulong)(writer.Space.ReserveBytes + writer.UnwrittenBytes) : 0;
        return new PfsSpace(total, free, inodes + 1, free > kept ? free - kept : 0);
    }

    /// <summary>Free bytes that operations which add may not use; 0 while the PFS is read-only.</summary>
    internal long ReserveBytes => Writer?.Space.ReserveBytes ?? 0;

    internal void CountRepairedRead() => _ = Interlocked.Increment(ref _repairedReads);

    /// <summary>Replaces the view atomically. Operations that have the old one continue with it.</summary>
    /// <param name="change">Computes the new view from the old one.</param>
    /// <returns>None; NotEmpty when the PFS is writable and the new view has nodes or free slots that the old one has
    /// not, while there are uncommitted changes, which have no blocks on them: the caller must commit and try
    /// again.</returns>
    /// <remarks>Entry: no lock held. On a writable PFS the devices of new nodes are open for writing.</remarks>
    internal Hammer2Error ChangeView(Func<ClusterView, ClusterView> change)
    {
        if (Writer is { } writer) return writer.ChangeView(change);
        while (true)
        {
            ClusterView before = View;
            if (TrySwapView(before, change(before))) return Hammer2Error.None;
        }
    }

    /// <summary>Replaces a view by another, if it is still the current one.</summary>
    internal bool TrySwapView(ClusterView before, ClusterView after) =>
        Interlocked.CompareExchange(ref _view, after, before) == before;

    // The focus of a dirty inode left: another node has its state of the last commit.
    private Hammer2Error Refocus(ref Inode inode)
    {
        Hammer2Error error = LoadCommitted(inode.View, inode.Inum, out PresentNode? node, out Chain? chain);
        if (error == Hammer2Error.NoEntry && inode.Focus is null)
        {
            inode = inode.SeenOn(inode.View.FocusOf(inode.Inum), null);
            return Hammer2Error.None;
        }
        inode = error == Hammer2Error.None ? inode.SeenOn(node!, chain) : default;
        return error;
    }
}
