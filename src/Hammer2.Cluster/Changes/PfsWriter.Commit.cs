// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

public sealed partial class PfsWriter
{
    private readonly Lock _commitGate = new();
    private readonly BlockEncoder _encoder = new();
    private long _groupsCommitted;

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
            ClosedGroup group = Close();
            if (group.Inodes.Count == 0)
            {
                _groupsCommitted = _groupsClosed;
                Space.Release(group.PromisedBytes);
                return Hammer2Error.None;
            }
            Hammer2Error error = WriteGroup(group);
            if (error != Hammer2Error.None)
            {
                StopReason = error;
                Volatile.Write(ref _isStopped, true);
                return error;
            }
            _groupsCommitted = _groupsClosed;
            Install(group);
            Space.Release(group.PromisedBytes);
            return Hammer2Error.None;
        }
    }

    private Hammer2Error WriteGroup(ClosedGroup group)
    {
        Hammer2Error errors = Hammer2Error.None;
        foreach (ClosedInode inode in group.Inodes)
        {
            if (!inode.IsDeleted) errors |= WriteBlocks(inode);
            if (CountSynced() < Pfs.Assembly.Quorum) return errors;
        }
        var commits = new List<NodeCommit?>();
        foreach (PfsNode node in Pfs.Synced)
            commits.Add(node.IsSynced ? new NodeCommit(node, commits.Count, group) : null);

        errors |= OnEachNode(commits, commit => commit.Prepare());
        if (CountSynced() < Pfs.Assembly.Quorum) return errors;
        errors |= OnEachNode(commits, commit => commit.Finish());
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
            steps.Add(new NodeStep($"commit {Pfs.Synced[node].Name}", () => errors[node] = step(commit)));
        }
        _options.Runner.RunAll(steps);
        Hammer2Error all = Hammer2Error.None;
        for (int i = 0; i < errors.Length; i++)
        {
            if (errors[i] == Hammer2Error.None) continue;
            all |= errors[i];
            Pfs.Synced[i].Fence();
        }
        return all;
    }

    /// <summary>Encodes the written blocks of a file once and stores them on every node.</summary>
    private Hammer2Error WriteBlocks(ClosedInode inode)
    {
        if (inode.Changes is not { } changes) return Hammer2Error.None;
        Hammer2Error errors = Hammer2Error.None;
        for (ulong from = 0; changes.Blocks.TryFirst(from, out ulong key, out BlockChange? block); from =
            key + 1)
        {
            if (block.Content is not { } content) continue;
            _encoder.Encode(inode, key, content, out Blockref reference, out ReadOnlySpan<byte> stored);
            if (stored.IsEmpty)
            {
                block.MarkHole();
                continue;
            }
            reference.ModifyTid = block.ModifyTid;
            CheckCode.Store(ref reference, stored);
            errors |= StoreOnNodes(block, reference, stored);
        }
        return errors;
    }

    private Hammer2Error StoreOnNodes(BlockChange block, in Blockref reference, ReadOnlySpan<byte> stored)
    {
        var references = new Blockref[Pfs.Synced.Length];
        Hammer2Error errors = Hammer2Error.None;
        for (int i = 0; i < references.Length; i++)
        {
            PfsNode node = Pfs.Synced[i];
            if (!node.IsSynced) continue;
            references[i] = reference;
            Hammer2Error error = node.Device.Writer!.WriteChecked(ref references[i], stored);
            if (error == Hammer2Error.None) continue;
            errors |= error;
            node.Fence();
        }
        block.MarkStored(references);
        return errors;
    }

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
        foreach (ClosedInode closed in group.Inodes)
        {
            LiveInode live = closed.Live;
            using InodeLocks.Guard guard = _locks.Write(new ChangedObjects(live.Inum, 0, 0, 0));
            AddWaiting(live, -WaitingIn(closed));
            if (!closed.IsDeleted)
            {
                live.FocusNode = Pfs.FocusOf(live.Inum);
                Hammer2Error error = Pfs.Synced[live.FocusNode].LoadInode(live.Inum, out Chain? chain);
                // Just written and not readable: the changes stay laid over, and reading tells.
                if (error != Hammer2Error.None) continue;
                live.Focus = chain;
            }
            live.Closing = null;
            if (!live.IsDirty) _ = _live.TryRemove(live.Inum, out _);
        }
    }

    private static long WaitingIn(ClosedInode closed)
    {
        long sum = 0;
        if (closed.Changes is not { } changes) return sum;
        for (ulong from = 0; changes.Blocks.TryFirst(from, out ulong key, out BlockChange? block); from =
            key + 1)
            sum += block.PromisedBytes;
        return sum;
    }
}
