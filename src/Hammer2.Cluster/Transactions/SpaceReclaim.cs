// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

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

/// <summary>Bulkfree on the devices of a PFS, which may be read and written meanwhile.</summary>
/// <remarks>How, and why it is safe: <see cref="Bulkfree"/>. Lock: rank 5.</remarks>
internal sealed class SpaceReclaim
{
    private readonly RankedLock _reclaimLock = new(LockRank.Reclaim);
    private readonly ClusterNodes _nodes;
    private readonly CommitQueue _queue;
    private readonly NodeFencing _fencing;
    private readonly FailStop _failStop;
    private readonly ulong _freeAtMount;
    private ulong _freeAfterLast = ulong.MaxValue;      // and what a further pass would free
    private long _removalsSeen;
    private long _stagedBytes = -1;

    public SpaceReclaim(ClusterNodes nodes, CommitQueue queue, NodeFencing fencing, FailStop failStop)
    {
        _nodes = nodes;
        _queue = queue;
        _fencing = fencing;
        _failStop = failStop;
        _freeAtMount = nodes.GetSpace().FreeBytes;
    }

    /// <summary>Bytes, of all nodes, that the last run left to be freed by the next one; null before the first
    /// run.</summary>
    public long? StagedBytes => Volatile.Read(ref _stagedBytes) is var bytes and >= 0 ? bytes : null;

    /// <summary>True when it is time for bulkfree, though nothing waits for space yet.</summary>
    public bool IsDue
    {
        get
        {
            if (_failStop.IsHalted) return false;
            PfsSpace space = _nodes.GetSpace();
            ulong last = Volatile.Read(ref _freeAfterLast);
            return ReclaimTiming.IsDue(space.FreeBytes, space.TotalBytes, last == ulong.MaxValue ? _freeAtMount : last);
        }
    }

    /// <summary>Two passes of bulkfree. Every PFS and snapshot on the devices counts.</summary>
    /// <param name="options">How.</param>
    /// <param name="result">What was done.</param>
    /// <returns>None; Interrupted; ReadOnly once the PFS is stopped; the fault of a block that could not be read, or of
    /// a PFS that could not commit, on account of which nothing was freed on its node: what is below it might still be
    /// needed.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Run(ReclaimOptions options, out ReclaimResult result)
    {
        using (_reclaimLock.EnterScope()) return RunLocked(options, out result);
    }

    /// <summary>The same on one node.</summary>
    public Hammer2Error RunOn(PresentNode node, ReclaimOptions options, out ReclaimResult result)
    {
        result = default;
        if (_failStop.IsHalted) return _failStop.ChangeRefusal;
        BulkfreeCounts counts = default;
        Hammer2Error error;
        using (_reclaimLock.EnterScope())
        {
            error = _failStop.Run("bulkfree", this, _ => Bulkfree.Run(
                [node.Device.Committer!], options.OfBulkfree, out counts));
        }
        result = ReclaimResult.Of(counts);
        return error | _fencing.HaltWithoutQuorum();
    }

    /// <summary>Runs bulkfree if it is likely to find space: two walks over all metadata are not begun for a few
    /// blocks, or a full filesystem would do nothing else. A caller that comes meanwhile waits for what they
    /// find.</summary>
    /// <param name="discards">As in <see cref="ReclaimOptions"/>.</param>
    public void RunIfWorthIt(bool discards)
    {
        const long WorthBytes = 1 << 20;
        using (_reclaimLock.EnterScope())
        {
            ulong free = _nodes.GetSpace().FreeBytes;
            ulong last = _freeAfterLast;
            bool isWorthIt = last == ulong.MaxValue || free + WorthBytes <= last
                || _queue.RemovalsCommitted != _removalsSeen;
            if (!isWorthIt) return;
            Hammer2Error error = RunLocked(new ReclaimOptions(discards), out _);
            // The error was logged; whether there is space is asked again by the caller.
            if (error != Hammer2Error.None && error != Hammer2Error.ReadOnly) Volatile.Write(ref _freeAfterLast, free);
        }
    }

    /// <summary>Runs bulkfree, unless another has freed enough meanwhile.</summary>
    /// <param name="options">How.</param>
    /// <remarks>Entry: no lock held. Errors are logged.</remarks>
    public void RunIfDue(ReclaimOptions options)
    {
        using (_reclaimLock.EnterScope())
        {
            if (IsDue) _ = RunLocked(options, out _);
        }
    }

    private Hammer2Error RunLocked(ReclaimOptions options, out ReclaimResult result)
    {
        result = default;
        if (_failStop.IsHalted) return _failStop.ChangeRefusal;
        // What is removed from now on, the first pass may still reach.
        long removals = _queue.RemovalsCommitted;
        BulkfreeCounts counts = default;
        Hammer2Error error = _failStop.Run("bulkfree", this, reclaim => Bulkfree.Run(
            reclaim.SyncedCommitters(), options.OfBulkfree, out counts));
        if (error != Hammer2Error.None && error != Hammer2Error.Interrupted)
            MountLog.ReclaimFailed(_nodes.Logger, error);
        if (error != Hammer2Error.Interrupted) _removalsSeen = removals;
        // A device that could not write its freemap is fenced for every PFS.
        error |= _fencing.HaltWithoutQuorum();
        long staged = counts.LastStagedGranules * Media.GranuleBytes;
        Volatile.Write(ref _stagedBytes, staged);
        Volatile.Write(ref _freeAfterLast, _nodes.GetSpace().FreeBytes + (ulong)staged);
        result = ReclaimResult.Of(counts);
        return error;
    }

    private List<MediaCommitter> SyncedCommitters()
    {
        var committers = new List<MediaCommitter>();
        foreach (PresentNode node in _nodes.View.Synced) committers.Add(node.Device.Committer!);
        return committers;
    }
}
