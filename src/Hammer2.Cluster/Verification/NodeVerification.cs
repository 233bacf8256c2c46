// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Healing;
using Hammer2.Cluster.Reports;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Cluster.Verification;

/// <summary>
/// Compares the synced nodes of a PFS at one commit: every inode, every entry, and every byte of file data, each read
/// from the devices of both nodes. The PFS may be read and written meanwhile.
/// </summary>
/// <remarks>Used by one thread, once. The commit is pinned on all nodes until it is done.</remarks>
public sealed class NodeVerification
{
    /// <summary>The most differences that are listed.</summary>
    public const int DifferencesMax = 1000;

    // A comparison reads everything; the pins are named in the log when it takes longer.
    private static readonly TimeSpan s_pinBound = TimeSpan.FromHours(24);

    private readonly Pfs _pfs;
    private readonly Func<QuietWork, Hammer2Error> _whenCommitted;
    private readonly Func<bool> _isCancelled;
    private readonly List<NodeDifference> _differences = [];

    /// <param name="pfs">The PFS.</param>
    /// <param name="whenCommitted">Runs work while everything is committed and no operation runs.</param>
    /// <param name="isCancelled">Asked for each inode and block; true ends it.</param>
    internal NodeVerification(Pfs pfs, Func<QuietWork, Hammer2Error> whenCommitted, Func<bool> isCancelled)
    {
        _pfs = pfs;
        _whenCommitted = whenCommitted;
        _isCancelled = isCancelled;
    }

    /// <summary>Compares the synced nodes of a PFS.</summary>
    /// <param name="pfs">The PFS.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <param name="result">What was found; null when the PFS is not open for writing.</param>
    /// <returns>As <see cref="Run"/>; ReadOnly when the PFS is not open for writing.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public static Hammer2Error Compare(Pfs pfs, Func<bool> isCancelled, out NodeVerification? result)
    {
        ArgumentNullException.ThrowIfNull(pfs);
        result = null;
        if (pfs.Writer is not { } writer) return Hammer2Error.ReadOnly;
        result = new NodeVerification(pfs, writer.RunWhenCommitted, isCancelled);
        return result.Run();
    }

    /// <summary>What was found so far, at most <see cref="DifferencesMax"/>.</summary>
    public IReadOnlyList<NodeDifference> Differences => _differences;

    /// <summary>All differences, listed or not.</summary>
    public long DifferencesTotal { get; private set; }

    /// <summary>Nodes that were compared.</summary>
    public int NodesTotal { get; private set; }

    /// <summary>Inodes compared, each pair of nodes counted.</summary>
    public long InodesTotal { get; private set; }

    /// <summary>Bytes of stored file data read.</summary>
    public long DataBytes { get; private set; }

    /// <summary>Compares the first synced node with each of the others.</summary>
    /// <returns>None, whatever differs; Interrupted; NoResource when too many commits are pinned; what kept a commit
    /// from a quorum of nodes.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Run()
    {
        var pinned = new List<PinnedNode>();
        try
        {
            Hammer2Error error = _whenCommitted((out Func<ClusterView, ClusterView>? change) =>
            {
                change = null;
                return PinAll(pinned);
            });
            NodesTotal = pinned.Count;
            for (int other = 1; other < pinned.Count && error == Hammer2Error.None; other++)
                error = Compare(pinned[0], pinned[other]);
            return error;
        }
        finally
        {
            foreach (PinnedNode node in pinned) node.Dispose();
        }
    }

    private Hammer2Error PinAll(List<PinnedNode> pinned)
    {
        foreach (PresentNode node in _pfs.View.Synced)
        {
            Hammer2Error error = PinnedNode.Take(
                node, "comparison of nodes", s_pinBound, out PinnedNode? one);
            if (error != Hammer2Error.None) return error;
            pinned.Add(one!);
        }
        return Hammer2Error.None;
    }

    private Hammer2Error Compare(PinnedNode left, PinnedNode right)
    {
        var pair = new PairComparison(left, right, _isCancelled, Note);
        Hammer2Error error = pair.Run();
        InodesTotal += pair.InodesTotal;
        DataBytes += pair.DataBytes;
        return error;
    }

    private void Note(PinnedNode left, PinnedNode right, DifferenceKind kind, DamagedPlace place)
    {
        DifferencesTotal++;
        if (_differences.Count >= DifferencesMax) return;
        string path = new PlaceNames(_pfs, left.Node).Describe(place).Path;
        _differences.Add(new NodeDifference(
            NumberOf(left), NumberOf(right), kind, path, place.Inum, place.Key));
    }

    private int NumberOf(PinnedNode node) => _pfs.View.Nodes.IndexOf(node.Node);
}
