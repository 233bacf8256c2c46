// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// A commit from its beginning to its end: closes the open group, has it written on the nodes, installs its inodes as
/// committed ones and releases its space. Also the commits that write the PFS root alone.
/// </summary>
/// <remarks>From the closing of a group on it is committed, or kept while the PFS waits for nodes, or the PFS is
/// stopped: no group is ever forgotten. One caller at a time, which holds the lock of commits.</remarks>
internal sealed class CommitCycle
{
    private readonly GroupCloser _closer;
    private readonly GroupCommit _commit;
    private readonly FrozenInodes _images;
    private readonly SpaceReserve _space;
    private readonly NodeFencing _fencing;
    private readonly TimeProvider _time;
    private readonly CommitTimes _times = new();
    private SyncingGroup? _pending;
    private long _removalsCommitted;
    private long _startedAt;

    public CommitCycle(
        GroupCloser closer, GroupCommit commit, FrozenInodes images, SpaceReserve space, NodeFencing fencing,
        TimeProvider time)
    {
        _time = time;
        _closer = closer;
        _commit = commit;
        _images = images;
        _space = space;
        _fencing = fencing;
    }

    /// <summary>Groups committed so far that deleted or truncated something.</summary>
    public long RemovalsCommitted => Volatile.Read(ref _removalsCommitted);

    /// <summary>For how long the commit that runs has been running; null while none does.</summary>
    public TimeSpan? RunningFor => Volatile.Read(ref _startedAt) is var started and not 0
        ? _time.GetElapsedTime(started) : null;

    /// <summary>Commits so far, and how long they took.</summary>
    public CommitCounts Counts => _times.Read();

    /// <summary>Commits the open group, or a part of it.</summary>
    /// <param name="inodes">Only these inodes, as far as they are dirty, with what depends on them; null for the whole
    /// group.</param>
    /// <param name="edits">Changes of the list of PFSs that become durable with it.</param>
    /// <returns>None; what kept the commit from a quorum of nodes. The PFS is then stopped, or stalls, and keeps the
    /// group.</returns>
    public Hammer2Error CommitGroup(IReadOnlyList<DirtyInode>? inodes, IReadOnlyList<PfsRootEdit> edits)
    {
        Hammer2Error kept = CommitKept();
        if (kept != Hammer2Error.None) return kept;
        _images.InstallUnreadable();
        SyncingGroup? group = _closer.Close(inodes);
        if (group is null && edits.Count > 0) group = _closer.Empty(_closer.NumberEmpty());
        if (group is null) return Hammer2Error.None;
        Hammer2Error error = Write(group with { Edits = edits });
        if (error == Hammer2Error.None && _closer.NeedsEpoch) error = BeginEpoch();
        if (error == Hammer2Error.TooLarge) _fencing.Stop(error);
        return error;
    }

    /// <summary>Commits the open group, then a change that gives the PFS another root. No operation runs from before
    /// the one until after the other.</summary>
    /// <param name="edit">The change.</param>
    /// <param name="inodes">The inodes that differ from the last commit.</param>
    /// <param name="mayHaveOrphans">Asked after the commit: true when there may be orphans below the new
    /// root.</param>
    /// <returns>None; Io when an inode was committed and cannot be read back, so that it is known in memory alone;
    /// what kept the commit from a quorum of nodes. The PFS is then stopped.</returns>
    public Hammer2Error CommitExchange(PfsRootEdit edit, InodeCache inodes, Func<bool> mayHaveOrphans)
    {
        return RunWhenCommitted(inodes, () =>
        {
            // What the mount knows of its content depends on whether this is done: it is not kept for later.
            SyncingGroup group = _closer.Empty(_closer.NumberEmpty()) with { Edits = [edit] };
            Hammer2Error error = WriteTimed(ref group);
            if (error != Hammer2Error.None)
            {
                _fencing.Stop(error);
                return error;
            }
            Finish(group);
            _closer.ForgetOrphans(mayHaveOrphans());
            return error;
        });
    }

    /// <summary>Runs work while everything is committed: operations that begin meanwhile wait.</summary>
    /// <param name="inodes">Those that differ from the last commit.</param>
    /// <param name="work">What is done.</param>
    /// <returns>What the work answers; Io when an inode was committed and cannot be read back, so that it is known in
    /// memory alone; what kept the commit from a quorum of nodes. The PFS is then stopped.</returns>
    public Hammer2Error RunWhenCommitted(InodeCache inodes, Func<Hammer2Error> work)
    {
        _closer.Suspend();
        try
        {
            Hammer2Error error = CommitGroup(inodes: null, []);
            if (error != Hammer2Error.None) return error;
            return inodes.IsEmpty ? work() : Hammer2Error.Io;
        }
        finally
        {
            _closer.Resume();
        }
    }

    /// <summary>Commits the PFS root alone.</summary>
    /// <returns>None; what kept the commit from a quorum of nodes.</returns>
    public Hammer2Error CommitRoot() => Write(_closer.Empty(_closer.NumberEmpty()));

    /// <summary>Commits the PFS root with a changed membership record.</summary>
    /// <returns>None; what kept the commit from a quorum of nodes. The PFS is then stopped.</returns>
    public Hammer2Error CommitMembers() => CommitRoot();

    /// <summary>Has all further commits numbered above a number; a cluster begins an epoch for that.</summary>
    /// <returns>None; else as <see cref="BeginEpoch"/>.</returns>
    public Hammer2Error RaiseNumbers(ulong least) =>
        _closer.RaiseNumbers(least) ? BeginEpoch() : Hammer2Error.None;

    /// <summary>Begins an epoch of commit numbers, in which a majority of masters holds the first number before any
    /// other is used.</summary>
    /// <returns>TooLarge when no epoch is left; else as <see cref="CommitRoot"/>.</returns>
    /// <remarks>A commit that was acknowledged in an epoch is on a majority, and any later mount sees one node of
    /// it: it then knows of the epoch and begins the next.</remarks>
    public Hammer2Error BeginEpoch()
    {
        if (!_closer.TryNumberEpoch(out CommitIds first, out CommitIds second)) return Hammer2Error.TooLarge;
        Hammer2Error error = Write(_closer.Empty(first));
        return error == Hammer2Error.None ? Write(_closer.Empty(second)) : error;
    }

    // What the last commit was that too few nodes took.
    private Hammer2Error CommitKept() =>
        _pending is { } kept ? Write(_closer.Again(kept)) : Hammer2Error.None;

    private Hammer2Error Write(SyncingGroup group)
    {
        Hammer2Error error = WriteTimed(ref group);
        if (error == Hammer2Error.None)
        {
            _pending = null;
            Finish(group);
            return error;
        }
        error = _fencing.Halt(error);
        _pending = error == Hammer2Error.Stalled ? group : null;
        return error;
    }

    private Hammer2Error WriteTimed(ref SyncingGroup group)
    {
        long start = _time.GetTimestamp();
        Volatile.Write(ref _startedAt, Math.Max(start, 1));
        Hammer2Error error;
        try
        {
            error = _commit.Write(ref group);
        }
        finally
        {
            Volatile.Write(ref _startedAt, 0);
        }
        if (error == Hammer2Error.None) _times.Add(_time.GetElapsedTime(start), _time.GetUtcNow());
        else _times.AddFailed();
        return error;
    }

    private void Finish(SyncingGroup group)
    {
        if (group.Removes) _ = Interlocked.Increment(ref _removalsCommitted);
        _images.Install(group.Inodes);
        _space.Release(group.ReservedBytes);
    }
}
