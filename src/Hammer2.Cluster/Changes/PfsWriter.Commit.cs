// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

public sealed partial class PfsWriter
{
    private readonly Lock _commitGate = new();
    private long _groupsCommitted;
    private long _removalsCommitted;        // groups that removed something

    /// <summary>
    /// Makes every change that was accepted before this call durable on a quorum of masters. Callers at the
    /// same time share a commit.
    /// </summary>
    /// <returns>None; what kept the commit from a quorum of nodes. The PFS is then stopped, and what was
    /// durable before still is.</returns>
    /// <remarks>
    /// Two phases: every node's blocks, flushed; then every node's header. A node that fails is fenced. A
    /// crash between headers leaves nodes at this commit or the one before, and never more than a minority
    /// at a commit that was acknowledged elsewhere.
    /// </remarks>
    public Hammer2Error Commit()
    {
        long wanted = Volatile.Read(ref _groupsClosed) + 1;
        lock (_commitGate)
        {
            if (IsStopped) return Hammer2Error.Io;
            if (_groupsCommitted >= wanted) return Hammer2Error.None;
            return _failStop.Run("a commit", this, static writer => writer.CommitOpenGroup());
        }
    }

    // From the closing of the group on it is committed, or the PFS is stopped: no group is ever left out.
    private Hammer2Error CommitOpenGroup()
    {
        InstallRest();
        ClosedGroup group = Close();
        if (group.Inodes.Count != 0)
        {
            Hammer2Error error = WriteGroup(ref group);
            if (error != Hammer2Error.None)
            {
                Stop(error);
                return error;
            }
            if (group.Removes) _ = Interlocked.Increment(ref _removalsCommitted);
            Install(group);
        }
        _groupsCommitted = _groupsClosed;
        Space.Release(group.PromisedBytes);
        return RenewEpoch(group.HasNameless);
    }

    // What is left of the group afterwards is committed; all of it, unless blocks cannot be read.
    private Hammer2Error WriteGroup(ref ClosedGroup group)
    {
        SettleGroup(group);
        AwaitGroup(group);
        if (IsStopped) return StopReason;
        if (CountSynced() < Pfs.Assembly.Quorum) return (Hammer2Error)Volatile.Read(ref _writeErrors);
        bool isEmpty = group.Inodes.Count == 0;
        List<UnreadableInode> unreadable = FindUninstalled(group);
        while (true)
        {
            if (unreadable.Count > 0) group = LeaveOut(group, unreadable);
            if (group.Inodes.Count == 0 && !isEmpty) return Hammer2Error.None;
            List<NodeCommit?> commits = BeginAttempt(group);
            Hammer2Error errors = OnEachNode(commits, commit => commit.Build());
            if (IsStopped) return StopReason;
            if (CountSynced() < Pfs.Assembly.Quorum) return errors;
            unreadable = EndAttempt(commits);
            if (unreadable.Count == 0) return WriteHeaders(commits, errors);
        }
    }

    private List<NodeCommit?> BeginAttempt(ClosedGroup group)
    {
        var commits = new List<NodeCommit?>();
        foreach (PfsNode node in Pfs.Synced)
            commits.Add(node.IsSynced ? new NodeCommit(Pfs, commits.Count, group) : null);
        return commits;
    }

    // Nothing is prepared on any node as long as one cannot have all of the group.
    private List<UnreadableInode> EndAttempt(List<NodeCommit?> commits)
    {
        var unreadable = new List<UnreadableInode>();
        for (int node = 0; node < commits.Count; node++)
        {
            if (commits[node] is not { } commit || !Pfs.Synced[node].IsSynced) continue;
            unreadable.AddRange(commit.Unreadable);
            if (commit.RestoredTotal > 0)
                MountLog.Restored(Pfs.Logger, Pfs.Synced[node].Name, commit.RestoredTotal);
        }
        if (unreadable.Count > 0) _ = OnEachNode(commits, static commit => commit.Abandon());
        return unreadable;
    }

    private static List<UnreadableInode> FindUninstalled(ClosedGroup group)
    {
        var found = new List<UnreadableInode>();
        foreach (ClosedInode image in group.Inodes)
            if (image.Below is not null) found.Add(new UnreadableInode(image, Hammer2Error.Io));
        return found;
    }

    private Hammer2Error WriteHeaders(List<NodeCommit?> commits, Hammer2Error errors)
    {
        errors |= OnEachNode(commits, commit => commit.Prepare());
        if (IsStopped) return StopReason;
        if (CountSynced() < Pfs.Assembly.Quorum) return errors;
        errors |= OnEachNode(commits, commit => commit.Finish());
        if (IsStopped) return StopReason;
        return CountSynced() < Pfs.Assembly.Quorum ? errors : Hammer2Error.None;
    }

    private Hammer2Error OnEachNode(List<NodeCommit?> commits, Func<NodeCommit, Hammer2Error> step)
    {
        var errors = new Hammer2Error[commits.Count];
        var steps = new List<NodeStep>();
        for (int i = 0; i < commits.Count; i++)
        {
            if (commits[i] is not { } commit || !Pfs.Synced[i].IsSynced) continue;
            int node = i;
            string name = $"commit {Pfs.Synced[node].Name}";
            steps.Add(new NodeStep(name, () => errors[node] = _failStop.Run(name, commit, step)));
        }
        (_options.Runner ?? _threads).RunAll(steps);
        Hammer2Error all = Hammer2Error.None;
        for (int i = 0; i < errors.Length; i++)
        {
            if (errors[i] == Hammer2Error.None) continue;
            all |= errors[i];
            // An exception stopped the PFS: nothing is written any more, and the node may still be read.
            if (errors[i] == Hammer2Error.Internal) continue;
            Fence(Pfs.Synced[i], errors[i]);
        }
        return all;
    }

    // Nothing more is written to a node that failed a write: what is on it is then unknown.
    private void Fence(PfsNode node, Hammer2Error error)
    {
        if (!node.IsSynced) return;
        Pfs.Fence(node);
        MountLog.NodeFailed(Pfs.Logger, node.Name, error);
    }

    private void Stop(Hammer2Error error) => _failStop.Stop(error, CountSynced(), Pfs.Assembly.Quorum);

    private int CountSynced()
    {
        int count = 0;
        foreach (PfsNode node in Pfs.Synced)
            if (node.IsSynced) count++;
        return count;
    }

    /// <summary>The trees have the group now: what was laid over them goes.</summary>
    private void Install(ClosedGroup group)
    {
        foreach (ClosedInode closed in group.Inodes) Install(closed);
    }

    private void Install(ClosedInode closed)
    {
        LiveInode live = closed.Live;
        using InodeLocks.Guard guard = _locks.Write(new ChangedObjects(live.Inum, 0, 0, 0));
        if (!closed.IsDeleted)
        {
            Hammer2Error error = LoadCommitted(live, out Chain? chain);
            // Just written and not readable: the image stays what readers see, until the block can be read.
            if (error != Hammer2Error.None)
            {
                _uninstalled.Add(closed);
                return;
            }
            live.Focus = chain;
        }
        live.WaitingBytes -= ChargedIn(closed);
        live.Closing = null;
        if (!live.IsDirty) _ = _live.TryRemove(live.Inum, out _);
    }

    private static long ChargedIn(ClosedInode closed)
    {
        long sum = 0;
        if (closed.Changes is not { } changes) return sum;
        for (ulong from = 0; changes.Blocks.TryFirst(from, out ulong key, out BlockChange? block); from =
            key + 1)
            sum += block.ChargedBytes;
        return sum;
    }
}
