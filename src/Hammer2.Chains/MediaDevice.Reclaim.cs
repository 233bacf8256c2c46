// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains.Freemap;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains;

// The freemap against what is reached: after a crash, and to get the space of what was deleted back.
public sealed partial class MediaDevice
{
    // Bits for 8 TiB at a time; more are looked at in further walks.
    private const int WindowZones = 8192;

    /// <summary>From now on a pass leaves alone what is given out. Comes before the commit whose tree the pass
    /// reads.</summary>
    public void BeginReclaim() => _allocator!.StartTracking();

    /// <summary>Ends what <see cref="BeginReclaim"/> began.</summary>
    public void EndReclaim() => _allocator!.StopTracking();

    /// <summary>
    /// One pass of bulkfree over the last commit: stages what nothing leads to, and frees what was staged before
    /// and still has no owner. Two passes with a commit of the freemap after each give space back.
    /// </summary>
    /// <param name="counts">Gets added to.</param>
    /// <param name="freed">Gets the places of granules that became free; null when nobody asks.</param>
    /// <param name="isCancelled">Asked between two blocks; true ends the pass.</param>
    /// <returns>None; Interrupted; the fault of a block that could not be read: then nothing was changed in the
    /// window at hand, since nothing is known of what is below it.</returns>
    /// <remarks>The filesystem may be read and written meanwhile. Memory: 8 KiB for each GiB, at most 64 MiB.
    /// Upstream: <c>hammer2_bulkfree_pass</c>.</remarks>
    public Hammer2Error ReclaimPass(ref BulkfreeCounts counts, List<ulong>? freed, Func<bool>? isCancelled)
    {
        Invariant.Holds(_allocator is not null);
        Chain root = RootChain;
        ulong zones = FreemapGeometry.LeavesTotal(_volumes.TotalBytes);
        for (ulong zone = 0; zone < zones; zone += WindowZones)
        {
            var reached = new ReachedGranules(zone, (int)Math.Min(WindowZones, zones - zone));
            var walk = new ReachableWalk(this, reference => reached.Mark(reference.Data), 0, isCancelled);
            Hammer2Error error = walk.Run(root);
            if (error != Hammer2Error.None) return error;
            error = _allocator.Reclaim(reached, ref counts, freed);
            if (error != Hammer2Error.None) return error;
        }
        // A place may get other bytes from now on, and references without a check code cannot tell.
        _caches.Data.Clear();
        return Hammer2Error.None;
    }

    /// <summary>Writes the freemap with a header of its own, which leads to the same tree as the last.</summary>
    /// <param name="commit">The commit that stays on the device, for its record.</param>
    /// <returns>None; Io: the device must not be written again.</returns>
    /// <remarks>One commit at a time.</remarks>
    public Hammer2Error CommitFreemap(in CommitIdentity commit = default)
    {
        Invariant.Holds(_allocator is not null);
        _allocator.CorrectTotal();
        Hammer2Error error = PrepareCommit(Header.SuperRootBlockset, commit, out PreparedCommit? prepared);
        return error == Hammer2Error.None ? FinishCommit(prepared!) : error;
    }

    /// <summary>Has the devices give up granules that became free and still are.</summary>
    /// <param name="freed">What passes freed; ascending.</param>
    /// <param name="isCancelled">Asked between two places; true ends it.</param>
    public Hammer2Error Discard(List<ulong> freed, Func<bool>? isCancelled)
    {
        for (int first = 0; first < freed.Count;)
        {
            if (isCancelled is not null && isCancelled()) return Hammer2Error.Interrupted;
            int count = 1;
            while (first + count < freed.Count
                && freed[first + count] == freed[first] + ((ulong)count * Media.GranuleBytes)
                && (freed[first + count] & (Media.SegmentBytes - 1)) != 0) count++;
            Hammer2Error error = _allocator!.Discard(freed[first], count);
            if (error != Hammer2Error.None) return error;
            first += count;
        }
        return Hammer2Error.None;
    }

    /// <summary>Marks what was written behind the freemap of the same header: upstream commits such states, and
    /// a crash leaves them so.</summary>
    /// <returns>None; the fault of a block that could not be read: what it leads to might be written over.</returns>
    /// <remarks>Upstream: <c>hammer2_recovery</c>.</remarks>
    private Hammer2Error RecoverFreemap(FreemapAllocator allocator)
    {
        ulong marked = Header.Fields.FreemapTid;
        if (Header.Fields.MirrorTid <= marked) return Hammer2Error.None;
        bool isChanged = false;
        Hammer2Error errors = Hammer2Error.None;
        void Mark(Blockref reference)
        {
            errors |= allocator.MarkAllocated(reference.Data, out bool changes);
            isChanged |= changes;
        }
        Hammer2Error error = new ReachableWalk(this, Mark, marked).Run(RootChain) | errors;
        return error == Hammer2Error.None && isChanged ? CommitFreemap() : error;
    }

    /// <summary>As <see cref="Load"/>, for a walk that will not come back: the cache keeps what others
    /// need.</summary>
    internal Hammer2Error LoadOnce(in Blockref reference, out Chain? chain)
    {
        chain = _caches.Chains.Find(_ordinal, reference);
        return chain is not null ? Hammer2Error.None : LoadFromMedia(reference, out chain);
    }
}
