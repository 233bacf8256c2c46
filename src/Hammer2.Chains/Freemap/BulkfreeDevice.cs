// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>One device's part of a <see cref="Bulkfree"/>.</summary>
/// <remarks>Used by one thread, which holds the device's reclaim lock.</remarks>
internal sealed class BulkfreeDevice
{
    // Bits for 8 TiB at a time; larger filesystems need further walks.
    private const int WindowZones = 8192;

    private readonly MediaCommitter _committer;
    private readonly MediaReader _device;
    private readonly FreemapAllocator _allocator;
    private readonly BulkfreeOptions _options;
    private readonly BulkfreeMeter? _meter;
    private readonly List<ulong> _freed = [];
    private BulkfreeCounts _counts;
    private long _stagedBefore;
    private long _allocatedBytes;

    public BulkfreeDevice(MediaCommitter committer, in BulkfreeOptions options, BulkfreeMeter? meter)
    {
        _meter = meter;
        _committer = committer;
        _device = committer.Device;
        _allocator = committer.Allocator;
        _options = options;
    }

    /// <summary>What was done so far.</summary>
    public BulkfreeCounts Counts =>
        _counts with { LastStagedGranules = _counts.StagedGranules - _stagedBefore };

    /// <summary>What ended it on this device; None while it goes on, and when the device is fenced.</summary>
    public Hammer2Error Error { get; private set; }

    /// <summary>True while there is something to do on this device.</summary>
    public bool IsGoing => Error == Hammer2Error.None && !_committer.IsFenced;

    /// <summary>The PFSs that are written on it.</summary>
    public MediaClients Clients => _committer.Clients;

    /// <summary>Ends it on this device.</summary>
    public void Fail(Hammer2Error error) => Error |= error;

    /// <summary>So many passes are to come.</summary>
    public void ExpectPasses(int passes)
    {
        _allocatedBytes = (long)(_device.Header.Fields.AllocatorBytes - _committer.FreeBytes);
        for (int pass = 0; pass < passes; pass++) _meter?.Expect(_allocatedBytes);
    }

    /// <summary>Starts tracking. What an earlier pass staged is durable before, so that this one may free it.</summary>
    public void BeginPass()
    {
        if (_committer.IsStagingUncommitted) CommitFreemap();
        _stagedBefore = _counts.StagedGranules;
        _allocator.StartTracking();
    }

    /// <summary>Ends tracking.</summary>
    public void End() => _allocator.StopTracking();

    /// <summary>Walks what is committed and pinned, stages the rest, and frees what was staged before.</summary>
    /// <returns>None; Interrupted; the fault of a block that could not be read: nothing was changed then in the window
    /// at hand.</returns>
    /// <remarks>The filesystem may be read and written meanwhile.</remarks>
    public Hammer2Error WalkAndReclaim()
    {
        _meter?.Begin(_allocatedBytes);
        Hammer2Error error = WalkWindows(_committer.PinnedRoots.RootsToWalk());
        _meter?.End();
        // A location may get other bytes from now on, and references without a check code cannot tell.
        _device.ForgetDecodedBlocks();
        if (error != Hammer2Error.Interrupted) Fail(error);
        return error;
    }

    /// <summary>Writes the freemap, with a header of its own. A device that fails that is fenced.</summary>
    public void CommitFreemap()
    {
        Hammer2Error error;
        using (CommitTurn.Enter(_committer)) error = _committer.CommitFreemap();
        if (error == Hammer2Error.None) _committer.IsStagingUncommitted = false;
        else Invariant.Holds(_committer.IsFenced);
    }

    /// <summary>Has the device give up granules that became free and still are.</summary>
    /// <returns>None; Interrupted; what the device answers.</returns>
    public Hammer2Error Discard()
    {
        for (int first = 0; first < _freed.Count;)
        {
            if (_options.IsCancelled?.Invoke() == true) return Hammer2Error.Interrupted;
            if (_committer.IsFenced) return Hammer2Error.None;
            int count = 1;
            while (first + count < _freed.Count
                && _freed[first + count] == _freed[first] + ((ulong)count * Media.GranuleBytes)
                && (_freed[first + count] & (Media.SegmentBytes - 1)) != 0) count++;
            Hammer2Error error = _allocator.Discard(_freed[first], count);
            if (error != Hammer2Error.None) return error;
            first += count;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error WalkWindows(List<Chain> roots)
    {
        ulong zones = FreemapGeometry.LeavesTotal(_device.Volumes.TotalBytes);
        for (ulong zone = 0; zone < zones; zone += WindowZones)
        {
            var reached = new ReachedGranules(zone, (int)Math.Min(WindowZones, zones - zone));
            var walk = new ReachableWalk(
                _device, reference => Mark(reached, reference), 0, _options.IsCancelled);
            Hammer2Error error = Hammer2Error.None;
            foreach (Chain root in roots)
            {
                error = walk.Run(root);
                if (error != Hammer2Error.None) return error;
            }
            // Torn off halfway, it may leave a freemap in memory that frees what is in use.
            _committer.IsStagingUncommitted = true;
            error = _committer.FenceOnException((this, reached), static work => work.Item1.Reclaim(work.reached));
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private void Mark(ReachedGranules reached, in Blockref reference)
    {
        int granules = reached.Mark(reference.Data);
        _meter?.Reach(granules);
    }

    private Hammer2Error Reclaim(ReachedGranules reached)
    {
        _allocator.Reclaim(reached, ref _counts, _options.Discards ? _freed : null);
        return Hammer2Error.None;
    }
}
