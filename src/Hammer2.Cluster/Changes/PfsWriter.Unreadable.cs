// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Cluster.Changes;

// What becomes of a group of which some inodes cannot be written, since blocks that copy-on-write needs cannot be read.
public sealed partial class PfsWriter
{
    // A commit has so many numbers: its own, and one for each further attempt. Operations of the next group are
    // numbered above them.
    private const int AttemptsMax = 4;

    private readonly List<ClosedInode> _uninstalled = [];
    private long _leftOutTotal;

    /// <summary>Inodes so far whose changes were accepted and could not be committed, since a block that they need can
    /// be read on no node. They are shown as the last commit has them.</summary>
    public long LeftOutTotal => Volatile.Read(ref _leftOutTotal);

    /// <summary>Told of such inodes once they are as the last commit has them. Called within a commit: it must not
    /// block, nor make changes.</summary>
    public Action<IReadOnlyList<LeftOutInode>>? LeftOut { get; set; }

    /// <summary>Takes what depends on unreadable inodes out of a closed group and out of the open one; both are as if
    /// those operations had never been.</summary>
    /// <param name="group">The group, of which nothing is prepared.</param>
    /// <param name="unreadable">At least one of its inodes.</param>
    /// <returns>The rest, with a number of its own.</returns>
    private ClosedGroup LeaveOut(ClosedGroup group, List<UnreadableInode> unreadable)
    {
        var told = new List<LeftOutInode>();
        ClosedGroup rest;
        _gate.EnterWriteLock();
        try
        {
            List<ClosedInode> leaving =
                DependentInodes.LeavingGroup(group, unreadable.Select(inode => inode.Image));
            HashSet<LiveInode> later = DependentInodes.LeavingOpenGroup(_dirty, leaving);
            foreach (ClosedInode image in leaving) told.Add(LeaveSyncingGroup(image, later.Remove(image.Live)));
            foreach (LiveInode inode in later) told.Add(LeaveOpenGroup(inode));
            _ = _dirty.RemoveAll(inode => !inode.IsDirty);
            rest = Without(group, leaving);
        }
        finally
        {
            _gate.ExitWriteLock();
        }
        _ = Interlocked.Add(ref _leftOutTotal, told.Count);
        MountLog.ChangesLeftOut(
            Pfs.Logger, _failStop.Label, told.Count, unreadable[0].Image.Live.Inum, unreadable[0].Fault);
        LeftOut?.Invoke(told);
        return rest;
    }

    private LeftOutInode LeaveSyncingGroup(ClosedInode image, bool isInOpenGroup)
    {
        LiveInode inode = image.Live;
        using InodeLocks.Guard guard = _locks.Write(new ChangedObjects(inode.Inum, 0, 0, 0));
        var told = new LeftOutInode(inode.Inum);
        if (isInOpenGroup) TakeOutOfOpenGroup(inode, told);
        if (image.Changes is { } changes) DropChanges(inode, changes, told);
        inode.Closing = image.Below;
        Revert(inode);
        TakeNote(inode.Inum, inode.Meta.LinkCount, inode.IsDeleted);
        return told;
    }

    private LeftOutInode LeaveOpenGroup(LiveInode inode)
    {
        using InodeLocks.Guard guard = _locks.Write(new ChangedObjects(inode.Inum, 0, 0, 0));
        var told = new LeftOutInode(inode.Inum);
        TakeOutOfOpenGroup(inode, told);
        Revert(inode);
        return told;
    }

    private void TakeOutOfOpenGroup(LiveInode inode, LeftOutInode told)
    {
        if (inode.Open is { } changes) DropChanges(inode, changes, told);
        inode.Open = null;
        inode.IsDirty = false;
    }

    private void DropChanges(LiveInode inode, LeafChanges changes, LeftOutInode told)
    {
        for (ulong from = 0; changes.Blocks.TryFirst(from, out ulong key, out BlockChange? block); from = key + 1)
            Drop(inode, block);
        ulong first = 0;
        while (changes.Entries.TryFirst(first, out ulong key, out EntryChange? entry))
        {
            told.Add(key, entry.Name);
            if (key == ulong.MaxValue) break;
            first = key + 1;
        }
    }

    // To what the syncing group has of it, or the last commit; gone when neither has it.
    private void Revert(LiveInode inode)
    {
        if (inode.Closing is { } image)
        {
            inode.Meta = image.Meta;
            inode.Embedded = (byte[]?)image.Embedded?.Clone();
            inode.ModifyTid = image.ModifyTid;
            inode.IsDeleted = image.IsDeleted;
            return;
        }
        if (inode.Focus is { } chain)
        {
            inode.Meta = chain.Meta;
            inode.Embedded = chain.Meta.HasDirectData ? chain.EmbeddedData.ToArray() : null;
            inode.ModifyTid = chain.Reference.ModifyTid;
        }
        inode.IsDeleted = inode.Focus is null;
        _ = _live.TryRemove(inode.Inum, out _);
    }

    private ClosedGroup Without(ClosedGroup group, List<ClosedInode> leaving)
    {
        var gone = new HashSet<ClosedInode>(leaving, ReferenceEqualityComparer.Instance);
        List<ClosedInode> rest = group.Inodes.FindAll(image => !gone.Contains(image));
        // Neither the number nor the id of an attempt is ever used again.
        int attempt = group.Attempt + 1;
        ulong tid = attempt < AttemptsMax
            ? group.Tid + 1 : Interlocked.Increment(ref _lastTid);
        return group with
        {
            Inodes = rest,
            Tid = tid,
            Cluster = DrawCommit(),
            Attempt = attempt,
            HasNameless = _nameless.Count > 0,
        };
    }

    /// <summary>Looks once more for inodes that were committed and could not be read after that.</summary>
    private void InstallRest()
    {
        if (_uninstalled.Count == 0) return;
        ClosedInode[] waiting = [.. _uninstalled];
        _uninstalled.Clear();
        foreach (ClosedInode image in waiting) Install(image);
    }

    /// <summary>The inode as a node has it that can read it.</summary>
    private Hammer2Error LoadCommitted(LiveInode live, out Chain? chain)
    {
        int first = Pfs.FocusOf(live.Inum);
        Hammer2Error errors = Hammer2Error.None;
        for (int step = 0; step < Pfs.Synced.Length; step++)
        {
            int node = (first + step) % Pfs.Synced.Length;
            if (!Pfs.Synced[node].IsSynced) continue;
            Hammer2Error error = Pfs.Synced[node].LoadInode(live.Inum, out chain);
            if (error == Hammer2Error.Io) error = Pfs.Synced[node].LoadInode(live.Inum, out chain);
            errors |= error;
            if (error != Hammer2Error.None) continue;
            live.FocusNode = node;
            return error;
        }
        chain = null;
        return errors;
    }
}

/// <summary>An inode whose changes were accepted and could not be committed.</summary>
/// <param name="Inum">Its number.</param>
public sealed record LeftOutInode(ulong Inum)
{
    private readonly List<LeftOutEntry> _entries = [];

    /// <summary>The entries of a directory that are as before.</summary>
    public IReadOnlyList<LeftOutEntry> Entries => _entries;

    internal void Add(ulong key, byte[]? name) =>
        _entries.Add(new LeftOutEntry(key, name is null ? null : name.AsMemory()));
}

/// <summary>A directory entry that was not put in, or not taken out.</summary>
/// <param name="Key">Where it is in its directory.</param>
/// <param name="Name">Its name; null for one that is still there.</param>
public readonly record struct LeftOutEntry(ulong Key, ReadOnlyMemory<byte>? Name);
