// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>
/// Frees the space that nothing leads to any more, on one device or on all devices of a cluster, while PFSs on them
/// are read and written: what was deleted, replaced, or leaked in a crash.
/// </summary>
/// <remarks>
/// <para>Upstream: <c>hammer2_bulkfree_pass</c>. There are two passes. Each pass stages what is allocated and not
/// reached, and frees what was staged before and is still not reached.</para>
/// <para><b>Why nothing is freed that is needed, now or by a later commit.</b> A pass on a device goes:</para>
/// <para>(1) Tracking starts: every granule that is allocated, or marked as shared, from now on is noted.</para>
/// <para>(2) Each client forgets its candidates for deduplication and commits everything. A block that was allocated
/// before (1) is then led to by the last header of the device, or not needed. It holds for clients whose
/// commits run at the same time, since each of them commits in a turn of its own after (1). A client that comes
/// after (1) has allocated nothing before.</para>
/// <para>(3) The root R of the last commit and all pinned roots are read under one lock, and everything that they lead
/// to is marked as reached.</para>
/// <para>(4) What is allocated, not reached and not noted since (1) is staged, or freed if it was staged.</para>
/// <para>A commit after R leads to blocks of R and to blocks that were allocated or shared since (1). A block from
/// before (1) that R does not lead to cannot come back: only a pinned root may still refer to it, and that was walked.
/// (A client that commits a PFS root taken from a pinned commit holds the pin until that is published.) For the same
/// reason a pin that is taken after (3), of R or of a later commit, leads to nothing that (4) frees. Uncommitted blocks
/// of open groups were allocated after the commit of (2), and so after (1).</para>
/// <para><b>Why the last two headers stay whole.</b> What one pass stages only a later pass frees, and a header is
/// written in between: the freemap's, in a turn of its own. Granules that are freed are unreachable from the trees of
/// both passes and from every commit between and after them. If a pass was ended before its freemap was written, the
/// next one begins by writing it.</para>
/// <para>A block that cannot be read ends the passes on its device before anything is freed there, since nothing is
/// known of what is below it. A client that cannot commit (its PFS is stopped) ends them on its devices: it may still
/// be read from blocks that no header leads to. A device that is fenced takes no part.</para>
/// <para>Locks: rank 6, one for each device, in the order of the devices, for all of it. Memory: 8 KiB for each GiB, at
/// most 64 MiB; larger filesystems are walked in windows; and what <see cref="VisitedBlocks"/> needs, at most 40
/// MiB.</para>
/// </remarks>
public static class Bulkfree
{
    private const int Passes = 2;

    /// <summary>Runs bulkfree.</summary>
    /// <param name="devices">The devices in any order; each counts once.</param>
    /// <param name="options">How.</param>
    /// <param name="counts">What was done, over all devices.</param>
    /// <returns>None; Interrupted; the faults of blocks that could not be read, and what kept clients from committing,
    /// on account of which nothing more was freed on their devices; what a discard met. A device that is fenced, or was
    /// meanwhile, says so itself (<see cref="MediaCommitter.FenceError"/>).</returns>
    /// <remarks>Entry: no lock of rank 6 or higher is held, in particular no <see cref="CommitTurn"/>.</remarks>
    public static Hammer2Error Run(
        IReadOnlyList<MediaCommitter> devices, in BulkfreeOptions options, out BulkfreeCounts counts)
    {
        ArgumentNullException.ThrowIfNull(devices);
        List<MediaCommitter> ordered = MediaCommitter.InOrder(devices);
        BulkfreeOptions how = options;
        BulkfreeMeter? meter = options.Progress is { } progress ? new BulkfreeMeter(progress) : null;
        List<BulkfreeDevice> targets = ordered.ConvertAll(device => new BulkfreeDevice(device, how, meter));
        foreach (MediaCommitter device in ordered) Invariant.Holds(!device.ReclaimLock.IsHeldByCurrentThread);
        foreach (MediaCommitter device in ordered) device.ReclaimLock.Enter();
        counts = default;
        try
        {
            Hammer2Error error = RunTracked(targets);
            foreach (MediaCommitter device in ordered)
                if (error == Hammer2Error.None && device.FenceError == Hammer2Error.None) device.Upkeep.NoteBulkfree();
            return error == Hammer2Error.Interrupted || !options.Discards ? error : error | Discard(targets);
        }
        finally
        {
            foreach (BulkfreeDevice target in targets) counts += target.Counts;
            for (int i = ordered.Count - 1; i >= 0; i--) ordered[i].ReclaimLock.Exit();
        }
    }

    private static Hammer2Error RunTracked(List<BulkfreeDevice> targets)
    {
        try
        {
            return RunPasses(targets);
        }
        finally
        {
            foreach (BulkfreeDevice target in targets) target.End();
        }
    }

    private static Hammer2Error RunPasses(List<BulkfreeDevice> targets)
    {
        foreach (BulkfreeDevice target in targets) target.ExpectPasses(Passes);
        for (int pass = 0; pass < Passes; pass++)
        {
            foreach (BulkfreeDevice target in Going(targets)) target.BeginPass();
            CommitClients(targets);
            foreach (BulkfreeDevice target in Going(targets))
            {
                if (target.WalkAndReclaim() == Hammer2Error.Interrupted) return Hammer2Error.Interrupted;
            }
            foreach (BulkfreeDevice target in Going(targets)) target.CommitFreemap();
        }
        Hammer2Error errors = Hammer2Error.None;
        foreach (BulkfreeDevice target in targets) errors |= target.Error;
        return errors;
    }

    // Each client once, also when it is on several devices.
    private static void CommitClients(List<BulkfreeDevice> targets)
    {
        var done = new Dictionary<IMediaClient, Hammer2Error>(ReferenceEqualityComparer.Instance);
        foreach (BulkfreeDevice target in Going(targets))
        {
            foreach (IMediaClient client in target.Clients.All)
            {
                if (!done.TryGetValue(client, out Hammer2Error error))
                {
                    error = target.Clients.Commit(client);
                    done.Add(client, error);
                }
                if (error != Hammer2Error.None) target.Fail(error);
            }
        }
    }

    private static Hammer2Error Discard(List<BulkfreeDevice> targets)
    {
        Hammer2Error errors = Hammer2Error.None;
        foreach (BulkfreeDevice target in Going(targets)) errors |= target.Discard();
        return errors;
    }

    private static IEnumerable<BulkfreeDevice> Going(List<BulkfreeDevice> targets) =>
        targets.Where(static target => target.IsGoing);
}
