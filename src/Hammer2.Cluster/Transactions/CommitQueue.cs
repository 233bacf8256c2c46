// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Requests to make changes durable. One commit runs at a time; those that wait meanwhile share the next.
/// </summary>
/// <remarks>
/// From the closing of a group on it is committed, or the PFS is stopped: no group is ever forgotten. Locks: a commit,
/// rank 10; the requests, rank 75, for moments.
/// </remarks>
internal sealed class CommitQueue
{
    private readonly Lock _commitLock = new();
    private readonly Lock _requestsLock = new();
    private readonly GroupCloser _closer;
    private readonly GroupCommit _commit;
    private readonly InodeCache _inodes;
    private readonly BlockWriteBack _writeBack;
    private readonly CommitNumbers _numbers;
    private readonly SpaceReserve _space;
    private readonly NodeFencing _fencing;
    private readonly FailStop _failStop;
    private List<CommitRequest> _requests = [];
    private long _removalsCommitted;

    public CommitQueue(
        GroupCloser closer, GroupCommit commit, InodeCache inodes, BlockWriteBack writeBack, CommitNumbers numbers,
        SpaceReserve space, NodeFencing fencing, FailStop failStop)
    {
        _closer = closer;
        _commit = commit;
        _inodes = inodes;
        _writeBack = writeBack;
        _numbers = numbers;
        _space = space;
        _fencing = fencing;
        _failStop = failStop;
    }

    /// <summary>Groups committed so far that deleted or truncated something.</summary>
    public long RemovalsCommitted => Volatile.Read(ref _removalsCommitted);

    /// <summary>Makes all changes durable that were accepted before this call.</summary>
    /// <returns>None; Io once the PFS is stopped; what kept the commit from a quorum of nodes. The PFS is then stopped,
    /// and what was durable before still is.</returns>
    public Hammer2Error CommitAll()
    {
        Hammer2Error error = Run(_writeBack, static writeBack =>
        {
            writeBack.WriteAhead();
            return Hammer2Error.None;
        });
        return error == Hammer2Error.None ? Commit(new CommitRequest(Inum: null)) : error;
    }

    /// <summary>Makes all changes of an inode durable that were accepted before this call, with the changes that they
    /// depend on: all that was changed by one operation is committed together.</summary>
    /// <returns>As <see cref="CommitAll"/>.</returns>
    public Hammer2Error CommitInode(ulong inum)
    {
        if (_failStop.IsStopped) return Hammer2Error.Io;
        // What is as the last commit has it, is durable.
        if (!_inodes.TryGet(inum, out DirtyInode? inode)) return Hammer2Error.None;
        Hammer2Error error = Run((_writeBack, inode), static work =>
        {
            work._writeBack.WriteAhead(work.inode);
            return Hammer2Error.None;
        });
        return error == Hammer2Error.None ? Commit(new CommitRequest(inum)) : error;
    }

    /// <summary>Commits the PFS root alone.</summary>
    /// <returns>As <see cref="CommitAll"/>.</returns>
    public Hammer2Error CommitRoot()
    {
        lock (_commitLock)
            return Run(this, static queue => queue.Write(queue._closer.Empty(queue._closer.NumberEmpty())));
    }

    /// <summary>Begins an epoch of commit numbers, in which a majority of masters holds the first number before any
    /// other is used.</summary>
    /// <returns>TooLarge when no epoch is left; else as <see cref="CommitAll"/>.</returns>
    /// <remarks>A commit that was acknowledged in an epoch is on a majority, and any later mount sees one node of
    /// it: it then knows of the epoch and begins the next.</remarks>
    public Hammer2Error BeginEpoch()
    {
        lock (_commitLock) return Run(this, static queue => queue.WriteEpoch());
    }

    /// <summary>Runs work while no commit of this PFS runs.</summary>
    public Hammer2Error RunBetweenCommits(Func<Hammer2Error> work)
    {
        lock (_commitLock) return work();
    }

    private Hammer2Error Commit(CommitRequest request)
    {
        lock (_requestsLock) _requests.Add(request);
        lock (_commitLock)
        {
            if (request.IsDone) return request.Error;
            List<CommitRequest> requests;
            lock (_requestsLock) (requests, _requests) = (_requests, []);
            Hammer2Error error = _failStop.IsStopped
                ? Hammer2Error.Io
                : Run((this, requests), static work => work.Item1.CommitGroup(work.requests));
            foreach (CommitRequest served in requests) served.Finish(error);
            return error;
        }
    }

    private Hammer2Error CommitGroup(List<CommitRequest> requests)
    {
        _inodes.InstallUnreadable();
        bool isAll = requests.Exists(static request => request.Inum is null);
        SyncingGroup? group = _closer.Close(isAll ? null : [.. requests.Select(static request => request.Inum!.Value)]);
        if (group is null) return Hammer2Error.None;
        Hammer2Error error = Write(group);
        if (error == Hammer2Error.None && _numbers.NeedsEpoch) error = WriteEpoch();
        if (error != Hammer2Error.None) _fencing.Stop(error);
        return error;
    }

    // All that a commit does is run by this.
    private Hammer2Error Run<TState>(TState state, Func<TState, Hammer2Error> body) =>
        _failStop.Run("a commit", state, body);

    private Hammer2Error WriteEpoch()
    {
        if (!_closer.TryNumberEpoch(out CommitIds first, out CommitIds second)) return Hammer2Error.TooLarge;
        Hammer2Error error = Write(_closer.Empty(first));
        return error == Hammer2Error.None ? Write(_closer.Empty(second)) : error;
    }

    // Entry: the commit lock is held.
    private Hammer2Error Write(SyncingGroup group)
    {
        Hammer2Error error = _commit.Write(ref group);
        if (error != Hammer2Error.None) return error;
        if (group.Removes) _ = Interlocked.Increment(ref _removalsCommitted);
        _inodes.Install(group.Inodes);
        _space.Release(group.ReservedBytes);
        return error;
    }

    private sealed record CommitRequest(ulong? Inum)
    {
        public bool IsDone { get; private set; }

        public Hammer2Error Error { get; private set; }

        public void Finish(Hammer2Error error) => (Error, IsDone) = (error, true);
    }
}
