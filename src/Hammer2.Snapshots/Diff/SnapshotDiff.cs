// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Snapshots.Diff;

/// <summary>
/// Finds the paths in which two PFSs of one filesystem differ. What they share is not read. An object is the same in
/// both when it has the same inode number and type.
/// </summary>
/// <remarks>
/// Memory: the caches of the filesystem, and up to <see cref="ObjectsUsual"/> objects with their names; when more
/// differ, the trees are walked over again for the next range of inode numbers. Nothing that cannot be read ends it: it
/// is reported as unresolved.
/// </remarks>
public sealed class SnapshotDiff
{
    /// <summary>How many differences are in memory at once, some 200 bytes each.</summary>
    public const int ObjectsUsual = 500_000;

    private readonly PfsTree _new;
    private readonly TreeNames _oldNames;
    private readonly TreeNames _newNames;
    private readonly DifferenceSearch _search;
    private readonly int _objectsMax;
    private readonly Action<PathDifference> _show;

    private SnapshotDiff(PfsTree old, PfsTree now, Action<PathDifference> show, int objectsMax)
    {
        _new = now;
        _oldNames = new TreeNames(old);
        _newNames = new TreeNames(now);
        _objectsMax = objectsMax;
        _show = show;
        _search = new DifferenceSearch(old, now, ShowHidden);
    }

    /// <summary>Compares two trees.</summary>
    /// <param name="old">The one before.</param>
    /// <param name="now">The one after; of the same filesystem, opened at once with the other.</param>
    /// <param name="show">Receives the differences, in the order of inode numbers.</param>
    /// <param name="objectsMax">How many differences may be in memory at once, 2 or more.</param>
    /// <exception cref="ArgumentException">The trees are not of one opened filesystem.</exception>
    public static void Run(
        PfsTree old, PfsTree now, Action<PathDifference> show, int objectsMax = ObjectsUsual)
    {
        ArgumentNullException.ThrowIfNull(old);
        ArgumentNullException.ThrowIfNull(now);
        if (old.Device != now.Device) throw new ArgumentException("Not of the same filesystem.", nameof(now));
        new SnapshotDiff(old, now, show, objectsMax).Run();
    }

    private void Run()
    {
        ulong first = 0;
        while (true)
        {
            var window = new DifferenceWindow(first, _objectsMax);
            _search.Run(window);
            foreach (ObjectDifference found in window.Objects) found.Normalize();
            FindNames(window.Objects);
            foreach (ObjectDifference found in window.Objects) Show(found);
            if (window.Last == ulong.MaxValue) return;
            first = window.Last + 1;
            if (_oldNames.KnownTotal > _objectsMax) _oldNames.Clear();
            if (_newNames.KnownTotal > _objectsMax) _newNames.Clear();
        }
    }

    private void FindNames(IReadOnlyCollection<ObjectDifference> objects)
    {
        var wanted = new Dictionary<ulong, ulong>();
        var oldDirectories = new HashSet<ulong>();
        var newDirectories = new HashSet<ulong>();
        foreach (ObjectDifference found in objects)
        {
            if (found.NeedsName && found.Inum != Media.PfsRootInum) wanted.Add(found.Inum, found.Parent);
            foreach (EntryName name in found.Removed) _ = oldDirectories.Add(name.Directory);
            foreach (EntryName name in found.Added) _ = newDirectories.Add(name.Directory);
        }
        var names = new Dictionary<ulong, EntryName>();
        if (wanted.Count > 0) _newNames.Find(wanted, names);
        foreach (ObjectDifference found in objects)
        {
            if (!names.TryGetValue(found.Inum, out EntryName name)) continue;
            found.Found = name;
            _ = newDirectories.Add(name.Directory);
        }
        _oldNames.Learn(oldDirectories);
        _newNames.Learn(newDirectories);
    }

    private void Show(ObjectDifference found)
    {
        bool isShown = found.Details == DifferenceDetails.None;
        foreach ((EntryName? old, EntryName? now) in found.Pairs())
        {
            DifferenceDetails details = DifferenceDetails.None;
            if (old is not null && now is not null && !isShown) (details, isShown) = (found.Details, true);
            ObjectType type = (now ?? old)!.Value.Type;
            byte[]? before = old is { } left ? _oldNames.PathOf(left) : null;
            byte[]? after = now is { } right ? _newNames.PathOf(right) : null;
            DifferenceKind kind = before is null ? DifferenceKind.Added
                : after is null ? DifferenceKind.Removed
                : DifferenceKind.Renamed;
            _show(new PathDifference(kind, type, found.Inum, (after ?? before)!,
                after is null ? null : before, details, Problem: null));
        }
        if (!isShown) ShowOne(found, DifferenceKind.Changed);
        if (found.Problem is not null) ShowOne(found, DifferenceKind.Unresolved);
    }

    private void ShowOne(ObjectDifference found, DifferenceKind kind)
    {
        byte[] path = found.Inum == Media.PfsRootInum ? "/"u8.ToArray()
            : found.Found is { } name ? _newNames.PathOf(name)
            : found.Added.Count > 0 ? _newNames.PathOf(found.Added[0])
            : found.Removed.Count > 0 ? _oldNames.PathOf(found.Removed[0])
            : TreeNames.Unnamed(found.Inum);
        DifferenceDetails details = kind == DifferenceKind.Changed ? found.Details : DifferenceDetails.None;
        string? problem = kind == DifferenceKind.Unresolved ? found.Problem : null;
        _show(new PathDifference(kind, found.Type, found.Inum, path, OldPath: null, details, problem));
    }

    // A part of a directory, or of the index of inodes.
    private void ShowHidden(ulong directory, string problem)
    {
        byte[] path = "?"u8.ToArray();
        if (directory != 0)
        {
            var names = new Dictionary<ulong, EntryName>();
            Hammer2Error error = _new.FindInode(directory, out Chain? inode);
            ulong parent = error == Hammer2Error.None ? inode!.Meta.ParentInum : 0;
            if (directory != Media.PfsRootInum)
                _newNames.Find(new Dictionary<ulong, ulong> { [directory] = parent }, names);
            if (names.TryGetValue(directory, out EntryName name)) _newNames.Learn([name.Directory]);
            path = directory == Media.PfsRootInum ? "/?"u8.ToArray()
                : names.ContainsKey(directory) ? [.. _newNames.PathOf(name), .. "/?"u8]
                : [.. TreeNames.Unnamed(directory), .. "/?"u8];
        }
        _show(new PathDifference(DifferenceKind.Unresolved, ObjectType.Unknown, 0, path, OldPath: null,
            DifferenceDetails.None, problem));
    }
}
