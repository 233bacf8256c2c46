// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Cluster.Healing;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>
/// A mounted PFS: its nodes, of which the synced ones are read. A PFS on one device is a cluster of one.
/// </summary>
/// <remarks>Upstream: <c>hammer2_pfs_t</c>. Thread-safe; while nothing is written, immutable.</remarks>
public sealed class Pfs
{
    internal Pfs(byte[] label, ClusterView view, MembershipDecision membership, ILogger logger) =>
        ClusterNodes = new ClusterNodes(label, view, membership, logger);

    /// <summary>The label that was mounted.</summary>
    public ReadOnlyMemory<byte> Label => ClusterNodes.Label;

    /// <summary>Its nodes. An operation reads the view once, when it begins.</summary>
    public ClusterView View => ClusterNodes.View;

    /// <summary>The present nodes, in the order in which they were named.</summary>
    public IReadOnlyList<PresentNode> Nodes => View.Nodes;

    /// <summary>Nodes that are read and written now.</summary>
    public int SyncedTotal => View.Synced.Count;

    /// <summary>The membership decision made when the PFS was mounted.</summary>
    public MembershipDecision Membership => ClusterNodes.Membership;

    /// <summary>Number of reads from a sibling after the focus failed.</summary>
    public long RepairedReads => ClusterNodes.RepairedReads;

    /// <summary>What was healed on nodes that could not show it.</summary>
    public HealCounts Healed => Writer?.Healed ?? default;

    /// <summary>Where the last commit has the root on each present node, as bytes with the size in the low bits: other
    /// ones after each commit.</summary>
    public IReadOnlyList<ulong> RootLocations
    {
        get
        {
            var locations = new List<ulong>();
            foreach (PresentNode node in View.Nodes) locations.Add(node.Root.Reference.Data.Raw);
            return locations;
        }
    }

    /// <summary>The writer; null while the PFS is read-only.</summary>
    public PfsWriter? Writer { get; private set; }

    /// <summary>Its nodes and what the last commit has on them.</summary>
    internal ClusterNodes ClusterNodes { get; }

    /// <summary>Finds an inode by number.</summary>
    /// <returns>None; NoEntry when the nodes agree that there is none; the errors of all nodes when none could be
    /// read.</returns>
    public Hammer2Error GetInode(ulong inum, out Inode inode)
    {
        ClusterView view = View;
        if (Writer is { } writer && writer.TryGetDirty(inum, out DirtyInode? dirty))
        {
            inode = new Inode(ClusterNodes, view, dirty);
            if (dirty.IsDeleted) return Hammer2Error.NoEntry;
            return view.Has(dirty.FocusNode) ? Hammer2Error.None : Refocus(ref inode);
        }
        Hammer2Error error = ClusterNodes.LoadCommitted(view, inum, out PresentNode? node, out Chain? chain);
        inode = error == Hammer2Error.None ? new Inode(ClusterNodes, view, node!, inum, chain!) : default;
        return error;
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
        // Counted masters are known by name from the first commit on.
        if (Membership.IsCluster && ViewMembers.FindAdoption(View, Membership.MastersTotal) is { } record)
            Invariant.Holds(ClusterNodes.TrySwapView(View, View.WithRecord(record)));
        var writer = new PfsWriter(ClusterNodes, options ?? new PfsWriteOptions());
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

    /// <summary>Takes the nodes and the decision about them from the same PFS as it was opened another time, so that it
    /// can be opened for writing. Nothing happens when that one shows another commit.</summary>
    /// <remarks>Entry: it is not written.</remarks>
    internal bool TryAdopt(Pfs decided)
    {
        Invariant.Holds(Writer is null);
        if (decided.Membership.Commit != Membership.Commit || !View.HasRootsOf(decided.View)) return false;
        ClusterNodes.Adopt(decided.View, decided.Membership);
        return true;
    }

    /// <summary>
    /// Space available to the user: every node must store every write, so the minimum of all nodes. After the last node
    /// was fenced, the values of that time.
    /// </summary>
    public PfsSpace GetSpace() => Writer is { } writer
        ? ClusterNodes.GetSpace(writer.Space.ReserveBytes, writer.UnwrittenBytes)
        : ClusterNodes.GetSpace();

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
            if (ClusterNodes.TrySwapView(before, change(before))) return Hammer2Error.None;
        }
    }

    // The focus of a dirty inode left: another node has its state of the last commit.
    private Hammer2Error Refocus(ref Inode inode)
    {
        Hammer2Error error = ClusterNodes.FindFocus(
            inode.View, inode.Inum, isNew: inode.Focus is null, out PresentNode? node, out Chain? chain);
        inode = error == Hammer2Error.None ? inode.SeenOn(node!, chain) : default;
        return error;
    }
}
