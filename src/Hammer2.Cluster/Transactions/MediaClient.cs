// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Commits;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>A PFS as the committers of its devices know it: bulkfree of any PFS on them has it commit.</summary>
internal sealed class MediaClient : IMediaClient
{
    private readonly Pfs _pfs;
    private readonly BlockStore _store;
    private readonly CommitQueue _queue;

    public MediaClient(Pfs pfs, string label, BlockStore store, CommitQueue queue)
    {
        _pfs = pfs;
        Label = label;
        _store = store;
        _queue = queue;
    }

    /// <inheritdoc/>
    public string Label { get; }

    /// <summary>Comes before the first block that the PFS writes.</summary>
    public void Attach()
    {
        foreach (PresentNode node in _pfs.Synced) node.Device.Committer!.Attach(this);
    }

    /// <summary>Comes after the last one.</summary>
    public void Detach()
    {
        foreach (PresentNode node in _pfs.Synced) node.Device.Committer?.Detach(this);
    }

    /// <inheritdoc/>
    public Hammer2Error CommitForReclaim()
    {
        // What was allocated before now is in this commit, or unreachable; and no thread that found a duplicate before
        // still compares it when the commit is done.
        _store.ForgetDuplicates();
        return _queue.CommitAll();
    }
}
