// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>The state of a PFS below an older volume header, on each synced node, kept from being overwritten until it
/// is disposed of.</summary>
/// <remarks>Nodes write their headers in rotation, each for itself: the state is the one that the header of the first
/// node leads to, and on the other nodes that of the same commit.</remarks>
public sealed class HeaderSource : IRollbackSource, IDisposable
{
    // How long reading all of a PFS may take before each bulkfree tells of it.
    private static readonly TimeSpan Bound = TimeSpan.FromHours(1);

    private readonly Dictionary<MediaDevice, Chain> _roots = [];
    private readonly List<FormerTree> _trees = [];

    private HeaderSource()
    {
    }

    /// <summary>Finds the state, has it kept, and compares every block of it with its check code.</summary>
    /// <param name="pfs">The PFS, open for writing.</param>
    /// <param name="copyIndex">Which copy of the header of the first synced node, 0 to 3.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <param name="source">The state; null after an error.</param>
    /// <param name="reason">What prevents it, in words; null where the error says it.</param>
    /// <returns>None; Interrupted; NoEntry, Exists, Check, Corrupt, NotSupported or Io with a reason.</returns>
    /// <remarks>Reads the whole PFS. Entry: no lock of rank 6 or higher is held.</remarks>
    public static Hammer2Error Open(
        Pfs pfs, int copyIndex, Func<bool> isCancelled, out HeaderSource? source, out string? reason)
    {
        source = new HeaderSource();
        Hammer2Error error = Hammer2Error.Internal;
        try
        {
            error = source.HoldAll(pfs, copyIndex, isCancelled, out reason);
            if (error == Hammer2Error.None) error = FormerTree.CommitOthers(source._trees);
            if (error == Hammer2Error.None) error = source.VerifyAll(isCancelled, out reason);
        }
        finally
        {
            if (error != Hammer2Error.None)
            {
                source.Dispose();
                source = null;
            }
        }
        return error;
    }

    /// <inheritdoc/>
    public Hammer2Error Find(MediaDevice device, out Chain? root) =>
        _roots.TryGetValue(device, out root) ? Hammer2Error.None : Hammer2Error.NoEntry;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (FormerTree tree in _trees) tree.Dispose();
    }

    private Hammer2Error HoldAll(Pfs pfs, int copyIndex, Func<bool> isCancelled, out string? reason)
    {
        ulong? wanted = null;
        foreach (PresentNode node in pfs.View.Synced)
        {
            Hammer2Error error = wanted is { } tid
                ? FormerPfs.FindCommit(node, tid, out FormerPfs? found)
                : FormerPfs.FindAt(node, copyIndex, out found);
            reason = HeaderText.NotFound(error, node.Name, copyIndex);
            if (error == Hammer2Error.None && found!.Root.Reference.ModifyTid == node.Root.Reference.ModifyTid)
                (error, reason) = (Hammer2Error.Exists, HeaderText.IsPresent(copyIndex));
            if (error != Hammer2Error.None) return error;
            wanted ??= found!.Root.Reference.ModifyTid;
            error = FormerTree.Hold(
                node.Device.Committer!, found!.Header, found.Root, Bound, isCancelled, out FormerTree? tree);
            reason = HeaderText.NotIntact(error, node.Name, copyIndex, fault: null);
            if (error != Hammer2Error.None) return error;
            _trees.Add(tree!);
            _roots.Add(node.Device, found.Root);
        }
        reason = null;
        return _trees.Count == 0 ? Hammer2Error.NodeDown : Hammer2Error.None;
    }

    private Hammer2Error VerifyAll(Func<bool> isCancelled, out string? reason)
    {
        foreach (FormerTree tree in _trees)
        {
            Hammer2Error error = tree.Verify(isCancelled, out string? fault);
            reason = HeaderText.NotIntact(error, node: null, copyIndex: null, fault);
            if (error != Hammer2Error.None) return error;
        }
        reason = null;
        return Hammer2Error.None;
    }
}
