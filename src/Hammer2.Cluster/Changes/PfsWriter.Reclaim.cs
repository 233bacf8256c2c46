// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Chains.Freemap;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

/// <summary>How space is reclaimed.</summary>
/// <param name="Discards">True to have the devices give up what became free (TRIM).</param>
/// <param name="IsCancelled">Asked again and again; true ends it, and what was done stands.</param>
public readonly record struct ReclaimOptions(bool Discards = false, Func<bool>? IsCancelled = null);

/// <summary>What reclaiming did, over all nodes.</summary>
/// <param name="StagedBytes">In use and without an owner: to be freed by the next pass that agrees.</param>
/// <param name="FreedBytes">Made free.</param>
/// <param name="RepairedBytes">Owned and not marked in use, which is damage: marked now.</param>
public readonly record struct ReclaimResult(long StagedBytes, long FreedBytes, long RepairedBytes)
{
    internal static ReclaimResult Of(in BulkfreeCounts counts) => new(
        counts.StagedGranules * Media.GranuleBytes, counts.FreedGranules * Media.GranuleBytes,
        counts.MissingGranules * Media.GranuleBytes);
}

public sealed partial class PfsWriter
{
    private readonly Lock _reclaimGate = new();
    private ulong _freeAfterReclaim = ulong.MaxValue;   // and what a further pass would free
    private long _removalsReclaimed;

    /// <summary>
    /// Bulkfree: gives the space of what was deleted and replaced back, on every synced node. The PFS may be read
    /// and written meanwhile. Every PFS and snapshot on the devices counts.
    /// </summary>
    /// <param name="options">How.</param>
    /// <param name="result">What was done.</param>
    /// <returns>None; Interrupted; ReadOnly once stopped; the fault of a block that could not be read, on account
    /// of which nothing was freed on its node: what is below it might still be needed.</returns>
    /// <remarks>
    /// A block is free when two passes over two commits did not reach it, with a header written between them, so
    /// that the last header and the one before it stay whole. What is given out meanwhile is left alone: no commit
    /// may have it yet. Entry: no lock held. Rank 5.
    /// </remarks>
    public Hammer2Error Reclaim(ReclaimOptions options, out ReclaimResult result)
    {
        BulkfreeCounts counts = default;
        result = default;
        lock (_reclaimGate)
        {
            var freed = new List<ulong>[Pfs.Synced.Length];
            Hammer2Error error = Hammer2Error.None;
            // What is removed from now on the first pass may not see as removed, and then nothing frees it here.
            long removals = Volatile.Read(ref _removalsCommitted);
            long stagedBefore = 0;
            try
            {
                for (int pass = 0; pass < 2 && error == Hammer2Error.None; pass++)
                {
                    stagedBefore = counts.StagedGranules;
                    error = ReclaimPassOrStop(options, ref counts, freed);
                }
            }
            finally
            {
                foreach (PfsNode node in Pfs.Synced) node.Device.EndReclaim();
            }
            if (error != Hammer2Error.Interrupted) _removalsReclaimed = removals;
            long staged = (counts.StagedGranules - stagedBefore) * Media.GranuleBytes;
            _freeAfterReclaim = Pfs.GetSpace().FreeBytes + (ulong)staged;
            result = ReclaimResult.Of(counts);
            if (error != Hammer2Error.None || !options.Discards) return error;
            return RunInBackground("discarding", () => Discard(options, freed));
        }
    }

    // A pass that was torn off may have left a freemap in memory that frees what is in use.
    private Hammer2Error ReclaimPassOrStop(ReclaimOptions options, ref BulkfreeCounts counts, List<ulong>[] freed)
    {
        BulkfreeCounts sum = counts;
        Hammer2Error error = RunInBackground("bulkfree", () => ReclaimPass(options, ref sum, freed));
        counts = sum;
        return error;
    }

    private Hammer2Error ReclaimPass(ReclaimOptions options, ref BulkfreeCounts counts, List<ulong>[] freed)
    {
        if (IsStopped) return Hammer2Error.ReadOnly;
        foreach (PfsNode node in Pfs.Synced)
            if (node.IsSynced) node.Device.BeginReclaim();
        // Whatever was given out before now is in this commit, or needed by nobody; and nobody who found a place
        // here before is still comparing when the commit is through.
        _dedup.Clear();
        Hammer2Error error = Commit();
        for (int i = 0; i < freed.Length && error == Hammer2Error.None; i++)
        {
            if (!Pfs.Synced[i].IsSynced) continue;
            freed[i] ??= [];
            error = Pfs.Synced[i].Device.ReclaimPass(
                ref counts, options.Discards ? freed[i] : null, options.IsCancelled);
        }
        if (error == Hammer2Error.None) return CommitFreemaps();
        if (error != Hammer2Error.Interrupted) MountLog.ReclaimFailed(Pfs.Logger, error);
        return error;
    }

    private Hammer2Error CommitFreemaps()
    {
        lock (_commitGate)
        {
            if (IsStopped) return Hammer2Error.ReadOnly;
            Hammer2Error errors = Hammer2Error.None;
            foreach (PfsNode node in Pfs.Synced)
            {
                if (!node.IsSynced) continue;
                Hammer2Error error = node.Device.CommitFreemap();
                if (error == Hammer2Error.None) continue;
                errors |= error;
                Fence(node, error);
            }
            if (CountSynced() >= Pfs.Assembly.Quorum) return Hammer2Error.None;
            Stop(errors);
            return errors;
        }
    }

    private Hammer2Error Discard(ReclaimOptions options, List<ulong>[] freed)
    {
        for (int i = 0; i < freed.Length; i++)
        {
            if (freed[i] is null || !Pfs.Synced[i].IsSynced) continue;
            Hammer2Error error = Pfs.Synced[i].Device.Discard(freed[i], options.IsCancelled);
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }
}
