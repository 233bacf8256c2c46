// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Fuse.Protocol;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>The snapshots that a mount has shown, by number and by label. Few are open at a time.</summary>
/// <remarks>A closed one needs some hundred bytes, and stays for the lifetime of the mount, so that its nodes
/// do.</remarks>
internal sealed class SnapshotTrees
{
    /// <summary>The most that are open without an open file or directory in them.</summary>
    public const int OpenMax = 64;

    private readonly SnapshotOpening _open;
    private readonly SnapshotServing _serve;
    private readonly RankedLock _treesLock = new(LockRank.SnapshotTrees);   // guards the fields below
    private readonly List<SnapshotTree?> _byNumber = [];
    private readonly Queue<int> _freeNumbers = [];
    private readonly Dictionary<(string Label, ulong Inum), SnapshotTree> _byLabel = [];
    private long _usesTotal;

    /// <summary>No snapshots.</summary>
    public SnapshotTrees(SnapshotOpening open, SnapshotServing serve)
    {
        _open = open;
        _serve = serve;
    }

    /// <summary>The snapshot of a node; null when there is none.</summary>
    public SnapshotTree? Of(ulong node)
    {
        int number = SnapshotNodes.SnapshotOf(node);
        using (_treesLock.EnterScope()) return number > 0 && number <= _byNumber.Count ? _byNumber[number - 1] : null;
    }

    /// <summary>Finds the snapshot with a label, which exists now.</summary>
    /// <param name="label">Its label.</param>
    /// <param name="tree">The snapshot; null after an error.</param>
    /// <param name="inum">The directory that is shown, which it has.</param>
    /// <returns>0; ENOENT; EBUSY while it is mounted or being deleted; EIO; EOVERFLOW when too many were
    /// shown.</returns>
    public int Find(byte[] label, out SnapshotTree? tree, ulong inum = VnodeOps.RootInum)
    {
        (string, ulong) key = (ByteText.Decode(label), inum);
        using (_treesLock.EnterScope()) tree = _byLabel.GetValueOrDefault(key);
        int error = FuseErrno.ESTALE;
        if (tree is not null) error = Check(tree);
        if (error != FuseErrno.ESTALE) return error;
        tree = new SnapshotTree(label, inum, _open, _serve);
        error = Check(tree);
        if (error != FuseErrno.None) return error == FuseErrno.ESTALE ? FuseErrno.ENOENT : error;
        SnapshotTree? kept = Keep(key, tree);
        if (kept != tree) _ = tree.TryYield(isForced: true, []);
        tree = kept;
        return tree is null ? FuseErrno.EOVERFLOW : FuseErrno.None;
    }

    /// <summary>Notes a use, and closes snapshots that were not used for the longest time when too many are
    /// open.</summary>
    public void NoteUse(SnapshotTree tree)
    {
        var idle = new List<SnapshotTree>();
        using (_treesLock.EnterScope())
        {
            tree.LastUse = ++_usesTotal;
            if (_usesTotal % (OpenMax / 4) != 0) return;
            AddAll(idle);
        }
        _ = idle.RemoveAll(one => !one.IsOpen);
        if (idle.Count <= OpenMax) return;
        idle.Sort((left, right) => right.LastUse.CompareTo(left.LastUse));
        foreach (SnapshotTree one in idle[(OpenMax * 3 / 4)..]) _ = one.TryYield(isForced: false, []);
    }

    /// <summary>Closes all, after the last operation.</summary>
    public void CloseAll()
    {
        var trees = new List<SnapshotTree>();
        using (_treesLock.EnterScope()) AddAll(trees);
        foreach (SnapshotTree tree in trees) _ = tree.TryYield(isForced: true, []);
    }

    /// <summary>Closes a snapshot and frees its number, if the kernel knows nothing of it. Those that are shown from
    /// their root directory keep theirs.</summary>
    public void Retire(SnapshotTree tree)
    {
        if (tree.RootInum == VnodeOps.RootInum || !tree.TryYield(isForced: false, []) || !tree.TryRetire()) return;
        (string, ulong) key = (ByteText.Decode(tree.Label), tree.RootInum);
        using (_treesLock.EnterScope())
        {
            _byNumber[tree.Number - 1] = null;
            _freeNumbers.Enqueue(tree.Number);
            if (_byLabel.GetValueOrDefault(key) == tree) _ = _byLabel.Remove(key);
        }
    }

    private void AddAll(List<SnapshotTree> trees)
    {
        foreach (SnapshotTree? tree in _byNumber)
            if (tree is not null) trees.Add(tree);
    }

    private static int Check(SnapshotTree tree)
    {
        int error = tree.Enter(out _);
        if (error == FuseErrno.None) tree.Leave();
        return error;
    }

    // Another thread may have found the same one.
    private SnapshotTree? Keep((string Label, ulong Inum) key, SnapshotTree tree)
    {
        using (_treesLock.EnterScope())
        {
            if (_byLabel.TryGetValue(key, out SnapshotTree? other) && !other.IsStale) return other;
            // A number is used again as late as possible.
            if (_byNumber.Count < SnapshotNodes.SnapshotsMax)
            {
                _byNumber.Add(tree);
                tree.Number = _byNumber.Count;
            }
            else if (_freeNumbers.TryDequeue(out int free)) _byNumber[(tree.Number = free) - 1] = tree;
            else return null;
            _byLabel[key] = tree;
            return tree;
        }
    }
}
