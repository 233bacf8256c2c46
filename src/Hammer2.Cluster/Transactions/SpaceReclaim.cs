// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Chains.Freemap;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>How bulkfree is run.</summary>
/// <param name="Discards">True to have the devices discard (TRIM) what became free.</param>
/// <param name="IsCancelled">Asked again and again; true ends it, and what was done stands.</param>
public readonly record struct ReclaimOptions(bool Discards = false, Func<bool>? IsCancelled = null);

/// <summary>What bulkfree did, over all nodes.</summary>
/// <param name="StagedBytes">Allocated and unreachable: the next pass that agrees frees them.</param>
/// <param name="FreedBytes">Made free.</param>
/// <param name="RepairedBytes">Reachable and not marked as allocated, which is damage: marked now.</param>
public readonly record struct ReclaimResult(long StagedBytes, long FreedBytes, long RepairedBytes)
{
    internal static ReclaimResult Of(in BulkfreeCounts counts) => new(
        counts.StagedGranules * Media.GranuleBytes, counts.FreedGranules * Media.GranuleBytes,
        counts.MissingGranules * Media.GranuleBytes);
}

/// <summary>Bulkfree on the nodes of a PFS, which may be read and written meanwhile.</summary>
/// <remarks>
/// Space is free when two passes over two commits did not reach it, with a header written between them, so that the
/// last header and the one before it stay whole. What is allocated meanwhile is left alone: no commit may have it yet.
/// Lock: rank 5.
/// </remarks>
internal sealed class SpaceReclaim
{
    private readonly Lock _reclaimLock = new();
    private readonly Pfs _pfs;
    private readonly CommitQueue _queue;
    private readonly BlockStore _store;
    private readonly NodeFencing _fencing;
    private readonly FailStop _failStop;
    private ulong _freeAfterLast = ulong.MaxValue;      // and what a further pass would free
    private long _removalsSeen;

    public SpaceReclaim(Pfs pfs, CommitQueue queue, BlockStore store, NodeFencing fencing, FailStop failStop)
    {
        _pfs = pfs;
        _queue = queue;
        _store = store;
        _fencing = fencing;
        _failStop = failStop;
    }

    /// <summary>Two passes of bulkfree. Every PFS and snapshot on the devices counts.</summary>
    /// <param name="options">How.</param>
    /// <param name="result">What was done.</param>
    /// <returns>None; Interrupted; ReadOnly once the PFS is stopped; the fault of a block that could not be read, on
    /// account of which nothing was freed on its node: what is below it might still be needed.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Run(ReclaimOptions options, out ReclaimResult result)
    {
        BulkfreeCounts counts = default;
        result = default;
        lock (_reclaimLock)
        {
            var freed = new List<ulong>[_pfs.Synced.Length];
            Hammer2Error error = Hammer2Error.None;
            // What is removed from now on, the first pass may still reach.
            long removals = _queue.RemovalsCommitted;
            long stagedBefore = 0;
            try
            {
                for (int pass = 0; pass < 2 && error == Hammer2Error.None; pass++)
                {
                    stagedBefore = counts.StagedGranules;
                    error = PassOrStop(options, ref counts, freed);
                }
            }
            finally
            {
                foreach (PresentNode node in _pfs.Synced) node.Device.EndReclaim();
            }
            if (error != Hammer2Error.Interrupted) _removalsSeen = removals;
            long staged = (counts.StagedGranules - stagedBefore) * Media.GranuleBytes;
            _freeAfterLast = _pfs.GetSpace().FreeBytes + (ulong)staged;
            result = ReclaimResult.Of(counts);
            if (error != Hammer2Error.None || !options.Discards) return error;
            return _failStop.Run(
                "discarding", (this, options, freed), static work => work.Item1.Discard(work.options, work.freed));
        }
    }

    /// <summary>Runs bulkfree if it is likely to find space: two walks over all metadata are not begun for a few
    /// blocks, or a full filesystem would do nothing else. A caller that comes meanwhile waits for what they
    /// find.</summary>
    /// <param name="discards">As in <see cref="ReclaimOptions"/>.</param>
    public void RunIfWorthIt(bool discards)
    {
        const long WorthBytes = 1 << 20;
        lock (_reclaimLock)
        {
            ulong free = _pfs.GetSpace().FreeBytes;
            ulong last = _freeAfterLast;
            bool isWorthIt = last == ulong.MaxValue || free + WorthBytes <= last
                || _queue.RemovalsCommitted != _removalsSeen;
            if (!isWorthIt) return;
            Hammer2Error error = Run(new ReclaimOptions(discards), out _);
            // The error was logged; whether there is space is asked again by the caller.
            if (error != Hammer2Error.None && error != Hammer2Error.ReadOnly) _freeAfterLast = free;
        }
    }

    // A pass that was torn off may have left a freemap in memory that frees what is in use.
    private Hammer2Error PassOrStop(ReclaimOptions options, ref BulkfreeCounts counts, List<ulong>[] freed)
    {
        BulkfreeCounts sum = counts;
        Hammer2Error error = _failStop.Run("bulkfree", this, reclaim => reclaim.Pass(options, ref sum, freed));
        counts = sum;
        return error;
    }

    private Hammer2Error Pass(ReclaimOptions options, ref BulkfreeCounts counts, List<ulong>[] freed)
    {
        if (_failStop.IsStopped) return Hammer2Error.ReadOnly;
        foreach (PresentNode node in _pfs.Synced)
            if (node.IsSynced) node.Device.BeginReclaim();
        // What was allocated before now is in this commit, or unreachable; and no thread that found a duplicate before
        // still compares it when the commit is done.
        _store.ForgetDuplicates();
        Hammer2Error error = _queue.CommitAll();
        for (int i = 0; i < freed.Length && error == Hammer2Error.None; i++)
        {
            if (!_pfs.Synced[i].IsSynced) continue;
            freed[i] ??= [];
            error = _pfs.Synced[i].Device.ReclaimPass(
                ref counts, options.Discards ? freed[i] : null, options.IsCancelled);
        }
        if (error == Hammer2Error.None) return _queue.RunBetweenCommits(CommitFreemaps);
        if (error != Hammer2Error.Interrupted) MountLog.ReclaimFailed(_pfs.Logger, error);
        return error;
    }

    private Hammer2Error CommitFreemaps()
    {
        if (_failStop.IsStopped) return Hammer2Error.ReadOnly;
        Hammer2Error errors = Hammer2Error.None;
        foreach (PresentNode node in _pfs.Synced)
        {
            if (!node.IsSynced) continue;
            Hammer2Error error = node.Device.CommitFreemap();
            if (error == Hammer2Error.None) continue;
            errors |= error;
            _fencing.Fence(node, error);
        }
        if (_fencing.HasQuorum) return Hammer2Error.None;
        _fencing.Stop(errors);
        return errors;
    }

    private Hammer2Error Discard(ReclaimOptions options, List<ulong>[] freed)
    {
        for (int i = 0; i < freed.Length; i++)
        {
            if (freed[i] is null || !_pfs.Synced[i].IsSynced) continue;
            Hammer2Error error = _pfs.Synced[i].Device.Discard(freed[i], options.IsCancelled);
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }
}
