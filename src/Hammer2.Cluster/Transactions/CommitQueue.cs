// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Requests to make changes durable. One commit runs at a time; those that wait meanwhile share the next.
/// </summary>
/// <remarks>All that a commit does is run here, through <see cref="FailStop"/>. Locks: a commit, rank 10; the requests,
/// rank 75, for moments.</remarks>
internal sealed class CommitQueue
{
    private readonly RankedLock _commitLock = new(LockRank.Commit);
    private readonly RankedLock _requestsLock = new(LockRank.CommitRequests);
    private readonly CommitCycle _cycle;
    private readonly InodeCache _inodes;
    private readonly BlockWriteBack _writeBack;
    private readonly FailStop _failStop;
    private List<CommitRequest> _requests = [];

    public CommitQueue(CommitCycle cycle, InodeCache inodes, BlockWriteBack writeBack, FailStop failStop)
    {
        _cycle = cycle;
        _inodes = inodes;
        _writeBack = writeBack;
        _failStop = failStop;
    }

    /// <summary>Groups committed so far that deleted or truncated something.</summary>
    public long RemovalsCommitted => _cycle.RemovalsCommitted;

    /// <summary>As <see cref="CommitCycle.RunningFor"/>.</summary>
    public TimeSpan? RunningFor => _cycle.RunningFor;

    /// <summary>As <see cref="CommitCycle.Counts"/>.</summary>
    public CommitCounts Counts => _cycle.Counts;

    /// <summary>Called after each commit by those that asked for it, with no lock held; null for nothing.</summary>
    public Action? Committed { get; set; }

    /// <summary>Makes all changes durable that were accepted before this call.</summary>
    /// <returns>None; Io once the PFS is stopped; Stalled while it waits for nodes, and will make them durable then;
    /// what kept the commit from a quorum of nodes. The PFS is then stopped, and what was durable before still
    /// is.</returns>
    public Hammer2Error CommitAll() => CommitAll(edit: null);

    /// <summary>As above, together with a change of the list of PFSs.</summary>
    public Hammer2Error CommitAll(PfsRootEdit? edit)
    {
        Hammer2Error error = Run(_writeBack, static writeBack =>
        {
            writeBack.WriteAhead();
            return Hammer2Error.None;
        });
        return error == Hammer2Error.None ? Commit(new CommitRequest(Inode: null, edit)) : error;
    }

    /// <summary>Makes all changes of an inode durable that were accepted before this call, with the changes that they
    /// depend on: all that was changed by one operation is committed together.</summary>
    /// <returns>As <see cref="CommitAll()"/>.</returns>
    public Hammer2Error CommitInode(ulong inum)
    {
        if (_failStop.IsHalted) return _failStop.CommitRefusal;
        // What is as the last commit has it, is durable.
        if (!_inodes.TryGet(inum, out DirtyInode? inode)) return Hammer2Error.None;
        Hammer2Error error = Run((_writeBack, inode), static work =>
        {
            work._writeBack.WriteAhead(work.inode);
            return Hammer2Error.None;
        });
        return error == Hammer2Error.None ? Commit(new CommitRequest(inode, Edit: null)) : error;
    }

    /// <summary>Commits the PFS root alone.</summary>
    /// <returns>As <see cref="CommitAll()"/>.</returns>
    public Hammer2Error CommitRoot()
    {
        using (_commitLock.EnterScope()) return Run(_cycle, static cycle => cycle.CommitRoot());
    }

    /// <summary>As <see cref="CommitCycle.CommitMembers"/>.</summary>
    public Hammer2Error CommitMembers()
    {
        using (_commitLock.EnterScope()) return Run(_cycle, static cycle => cycle.CommitMembers());
    }

    /// <summary>As <see cref="CommitCycle.CommitExchange"/>.</summary>
    public Hammer2Error CommitExchange(PfsRootEdit edit, Func<bool> mayHaveOrphans) =>
        RunAfterCommit(cycle => cycle.CommitExchange(edit, _inodes, mayHaveOrphans));

    /// <summary>As <see cref="CommitCycle.RunWhenCommitted"/>.</summary>
    public Hammer2Error RunWhenCommitted(Func<Hammer2Error> work) =>
        RunAfterCommit(cycle => cycle.RunWhenCommitted(_inodes, work));

    private Hammer2Error RunAfterCommit(Func<CommitCycle, Hammer2Error> work)
    {
        // Most of it while operations go on.
        Hammer2Error error = CommitAll();
        if (error != Hammer2Error.None) return error;
        using (_commitLock.EnterScope()) return Run((_cycle, work), static both => both.work(both._cycle));
    }

    /// <summary>As <see cref="CommitCycle.BeginEpoch"/>.</summary>
    public Hammer2Error BeginEpoch()
    {
        using (_commitLock.EnterScope()) return Run(_cycle, static cycle => cycle.BeginEpoch());
    }

    /// <summary>As <see cref="CommitCycle.RaiseNumbers"/>.</summary>
    public Hammer2Error RaiseNumbers(ulong least)
    {
        using (_commitLock.EnterScope())
            return Run((_cycle, least), static work => work._cycle.RaiseNumbers(work.least));
    }

    /// <summary>Runs work while no commit of this PFS runs.</summary>
    public Hammer2Error RunBetweenCommits(Func<Hammer2Error> work)
    {
        using (_commitLock.EnterScope()) return work();
    }

    private Hammer2Error Commit(CommitRequest request)
    {
        using (_requestsLock.EnterScope()) _requests.Add(request);
        using (_commitLock.EnterScope())
        {
            if (!request.IsDone) CommitRequests();
        }
        Committed?.Invoke();
        return request.Error;
    }

    private void CommitRequests()
    {
        List<CommitRequest> requests;
        using (_requestsLock.EnterScope()) (requests, _requests) = (_requests, []);
        Hammer2Error error = _failStop.IsHalted
            ? _failStop.CommitRefusal
            : Run((_cycle, requests), static work => work._cycle.CommitGroup(
                InodesOf(work.requests), EditsOf(work.requests)));
        foreach (CommitRequest served in requests) served.Finish(error);
    }

    private Hammer2Error Run<TState>(TState state, Func<TState, Hammer2Error> body) =>
        _failStop.Run("a commit", state, body);

    // Null when one of the requests asks for all.
    private static List<DirtyInode>? InodesOf(List<CommitRequest> requests) =>
        requests.Exists(static request => request.Inode is null)
            ? null
            : requests.ConvertAll(static request => request.Inode!);

    private static List<PfsRootEdit> EditsOf(List<CommitRequest> requests)
    {
        var edits = new List<PfsRootEdit>();
        foreach (CommitRequest request in requests)
            if (request.Edit is { } edit) edits.Add(edit);
        return edits;
    }

    private sealed record CommitRequest(DirtyInode? Inode, PfsRootEdit? Edit)
    {
        public bool IsDone { get; private set; }

        public Hammer2Error Error { get; private set; }

        public void Finish(Hammer2Error error) => (Error, IsDone) = (error, true);
    }
}
