// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Commits a frozen group on every synced node, in two phases: each node's blocks, made durable; then each node's
/// volume header. A node that fails is fenced.
/// </summary>
/// <remarks>
/// A crash between headers leaves nodes at this commit or the one before, and never more than a minority at a commit
/// that was acknowledged elsewhere. What a group contains that no node can read leaves it, with all that depends on
/// it. One commit of a PFS at a time.
/// </remarks>
internal sealed class GroupCommit
{
    private readonly ClusterNodes _nodes;
    private readonly BlockWriteBack _writeBack;
    private readonly NodeSteps _steps;
    private readonly NodeFencing _fencing;
    private readonly GroupReversal _reversal;

    public GroupCommit(
        ClusterNodes nodes, BlockWriteBack writeBack, NodeSteps steps, NodeFencing fencing, GroupReversal reversal)
    {
        _nodes = nodes;
        _writeBack = writeBack;
        _steps = steps;
        _fencing = fencing;
        _reversal = reversal;
    }

    /// <summary>Commits a group; an empty one writes the PFS root alone.</summary>
    /// <param name="group">Afterwards as it was committed, or is to be tried again: without the inodes that could not
    /// be.</param>
    /// <returns>None; what kept it from a quorum of nodes, or an exception's Internal: the PFS must stop, or is
    /// stopped.</returns>
    public Hammer2Error Write(ref SyncingGroup group)
    {
        _writeBack.WriteGroup(group.Inodes);
        if (!_fencing.MayCommit(out Hammer2Error reason)) return reason;
        bool isRootWritten = group.Inodes.Count == 0 || group.Edits.Count > 0;
        List<UnreadableInode> unreadable = FindUninstalled(group);
        while (true)
        {
            // A node that holds an earlier attempt would have what the others leave out.
            if (unreadable.Count > 0 && group.MayBePublished) return unreadable[0].Fault;
            if (unreadable.Count > 0) group = _reversal.Without(group, unreadable);
            if (group.Inodes.Count == 0 && !isRootWritten) return Hammer2Error.None;
            using var attempt = new CommitAttempt(_nodes, _steps);
            attempt.Build(group);
            if (!_fencing.MayCommit(out reason)) return reason;
            unreadable = attempt.FindUnreadable();
            if (unreadable.Count == 0) return WriteHeaders(attempt, ref group);
            attempt.Abandon();
        }
    }

    private static List<UnreadableInode> FindUninstalled(SyncingGroup group)
    {
        var found = new List<UnreadableInode>();
        foreach (FrozenInode image in group.Inodes)
            if (image.Below is not null) found.Add(new UnreadableInode(image, Hammer2Error.Io));
        return found;
    }

    private Hammer2Error WriteHeaders(CommitAttempt attempt, ref SyncingGroup group)
    {
        attempt.Prepare();
        if (!_fencing.MayCommit(out Hammer2Error reason)) return reason;
        group = group with { MayBePublished = true };
        attempt.Finish();
        if (!_fencing.MayCommit(out reason)) return reason;
        _fencing.NoteCommit(group.Ids.Tid);
        return Hammer2Error.None;
    }
}
