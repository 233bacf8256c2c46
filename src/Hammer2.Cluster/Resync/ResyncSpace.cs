// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Freemap;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>Makes space on a node that is resynchronized: bulkfree first, then without its oldest snapshots, one after
/// the other, as far as they may be deleted.</summary>
/// <remarks>Used by one thread.</remarks>
/// <param name="node">The node, open for writing.</param>
/// <param name="deletion">Deletes a snapshot of it.</param>
/// <param name="isCancelled">Ends bulkfree.</param>
internal sealed class ResyncSpace(PresentNode node, OldestSnapshotDeletion deletion, Func<bool> isCancelled)
{
    private bool _isReclaimed;

    /// <summary>Bulkfree may find something again.</summary>
    public void Begin() => _isReclaimed = false;

    /// <summary>Makes some space, which may be too little.</summary>
    /// <returns>None when what needs space is to be tried again; NoSpace when there is nothing more to do; Interrupted;
    /// what bulkfree met, or writing.</returns>
    /// <remarks>Entry: no lock held, and nothing is shared any more with blocks that may have become free.</remarks>
    public Hammer2Error Make()
    {
        if (_isReclaimed)
        {
            Hammer2Error error = deletion.Run();
            if (error != Hammer2Error.None) return error;
        }
        _isReclaimed = true;
        return Bulkfree.Run(
            [node.Device.Committer!], new BulkfreeOptions { IsCancelled = isCancelled }, out _);
    }
}
