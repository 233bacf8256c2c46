// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains.Commits;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Lets the committer of a device make a PFS commit, before bulkfree walks the device.</summary>
internal sealed class MediaClient : IMediaClient
{
    private readonly Deduplication _duplicates;
    private readonly CommitQueue _queue;
    private readonly List<PresentNode> _attached = [];

    public MediaClient(string label, Deduplication duplicates, CommitQueue queue)
    {
        Label = label;
        _duplicates = duplicates;
        _queue = queue;
    }

    /// <inheritdoc/>
    public string Label { get; }

    /// <summary>Comes before the first block that the PFS writes to these nodes.</summary>
    /// <remarks>Not thread-safe.</remarks>
    public void Attach(ClusterView view)
    {
        foreach (PresentNode node in view.Synced)
        {
            if (_attached.Contains(node)) continue;
            node.Device.Committer!.Attach(this);
            _attached.Add(node);
        }
    }

    /// <summary>Comes after the last block that it wrote to a node which is not in a view any more; null for all
    /// nodes.</summary>
    /// <remarks>Not thread-safe.</remarks>
    public void Detach(ClusterView? view = null)
    {
        for (int i = _attached.Count - 1; i >= 0; i--)
        {
            PresentNode node = _attached[i];
            if (view is not null && view.Has(node)) continue;
            node.Device.Committer!.Detach(this);
            _attached.RemoveAt(i);
        }
    }

    /// <inheritdoc/>
    public Hammer2Error CommitForReclaim()
    {
        // What was allocated before now is in this commit, or unreachable; and no thread that found a duplicate before
        // still compares it when the commit is done.
        _duplicates.ForgetAll();
        return _queue.CommitAll();
    }
}
