// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>
/// Finds the paths of inodes. Directory entries refer from names to inodes and not back, so this reads all directories
/// of a PFS once, and then follows the parents of each entry found to the root. Memory grows with the number of inodes
/// searched, not with the size of the volume.
/// </summary>
internal sealed class PathFinder
{
    // Deeper than any usable path; a longer chain of parents is a cycle.
    private const int ClimbMax = 4096;

    private readonly MediaWalker _walker;
    private readonly ulong _pfsKey;
    private readonly Dictionary<ulong, byte[]> _directories = new() { [Media.PfsRootInum] = [] };

    /// <summary>Searches one PFS, given by the key of its root.</summary>
    public PathFinder(VolumeSet volumes, ulong pfsKey)
    {
        _walker = new MediaWalker(volumes);
        _pfsKey = pfsKey;
    }

    /// <summary>Finds the paths of subjects in this PFS, at most <paramref name="pathsMax"/> for each.</summary>
    public void Find(IReadOnlyList<IPathSubject> subjects, int pathsMax)
    {
        var entries = new EntrySearch(_pfsKey, subjects, pathsMax);
        _walker.WalkTopology(entries);
        for (int index = 0; index < subjects.Count; index++)
        {
            var paths = new List<byte[]>();
            bool isRoot = subjects[index].Inums.Contains(Media.PfsRootInum);
            if (isRoot) paths.Add("/"u8.ToArray());
            foreach ((ulong directory, byte[] name) in entries.Found(index))
                paths.Add([.. DirectoryPath(directory), (byte)'/', .. name]);
            paths.Sort(static (left, right) => left.AsSpan().SequenceCompareTo(right));
            subjects[index].SetPaths(paths, entries.Total(index) + (isRoot ? 1 : 0));
        }
    }

    /// <summary>The path of a directory without a slash at its end, so the root's is empty.</summary>
    private byte[] DirectoryPath(ulong inum)
    {
        if (_directories.TryGetValue(inum, out byte[]? known)) return known;
        var climbed = new List<(ulong Inum, byte[] Name)>();
        ulong at = inum;
        byte[]? start;
        while (!_directories.TryGetValue(at, out start))
        {
            if (climbed.Count >= ClimbMax || NameOf(at, out ulong parent) is not { } name)
            {
                // Its inode, its parent or its entry is damaged.
                start = Encoding.ASCII.GetBytes("<inode 0x" + at.ToString("x", CultureInfo.InvariantCulture) + ">");
                _directories[at] = start;
                break;
            }
            climbed.Add((at, name));
            at = parent;
        }
        byte[] path = start;
        for (int index = climbed.Count - 1; index >= 0; index--)
        {
            path = [.. path, (byte)'/', .. climbed[index].Name];
            _directories[climbed[index].Inum] = path;
        }
        return path;
    }

    private byte[]? NameOf(ulong inum, out ulong parent)
    {
        var inode = new InodeSearch(_pfsKey, inum);
        _walker.WalkTopology(inode);
        parent = inode.Parent;
        if (!inode.IsFound) return null;
        var name = new NameSearch(_pfsKey, parent, inum);
        _walker.WalkTopology(name);
        return name.Name;
    }

    /// <summary>A visitor that stays within one PFS.</summary>
    private abstract class Search(ulong pfsKey) : IMediaVisitor
    {
        public bool Wants(in WalkPosition position, in Blockref reference)
        {
            if (position.PfsKey == pfsKey) return position.IsPfsRoot(reference) || WantsWithin(position, reference);
            if (!position.IsUnderSuperRoot) return position.IsInHeader;
            return reference.Type == BlockrefType.Indirect && Covers(reference, pfsKey);
        }

        public abstract bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block);

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
        {
            // The verification has reported this fault; objects below it get no path.
        }

        protected abstract bool WantsWithin(in WalkPosition position, in Blockref reference);

        protected static bool Covers(in Blockref reference, ulong key) =>
            key >= reference.Key && key <= reference.KeyEnd;

        protected static ReadOnlySpan<byte> NameOf(in Blockref reference, ReadOnlySpan<byte> block)
        {
            int length = reference.Dirent.NameBytes;
            return length <= Media.EntryNameInlineBytesMax ? reference.CheckRead[..length] : block[..length];
        }
    }

    /// <summary>Collects the entries that name inodes of given ranges.</summary>
    private sealed class EntrySearch : Search
    {
        private readonly Dictionary<ulong, List<int>> _single = [];
        private readonly List<(KeyRange Range, int Index)> _wide = [];
        private readonly List<(ulong Directory, byte[] Name)>[] _found;
        private readonly long[] _totals;
        private readonly int _pathsMax;

        public EntrySearch(ulong pfsKey, IReadOnlyList<IPathSubject> subjects, int pathsMax)
            : base(pfsKey)
        {
            _pathsMax = pathsMax;
            _totals = new long[subjects.Count];
            _found = new List<(ulong, byte[])>[subjects.Count];
            for (int index = 0; index < subjects.Count; index++)
            {
                _found[index] = [];
                KeyRange inums = subjects[index].Inums;
                if (inums.First != inums.Last) _wide.Add((inums, index));
                else if (_single.TryGetValue(inums.First, out List<int>? others)) others.Add(index);
                else _single.Add(inums.First, [index]);
            }
        }

        public List<(ulong Directory, byte[] Name)> Found(int index) => _found[index];

        public long Total(int index) => _totals[index];

        public override bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (reference.Type == BlockrefType.Dirent) Take(position, reference, block);
            if (reference.Type != BlockrefType.Inode || position.PfsKey == 0 || position.IsPfsRoot(reference)) return true;
            return InodeBlock.ReadMeta(block).Type == ObjectType.Directory;
        }

        protected override bool WantsWithin(in WalkPosition position, in Blockref reference) =>
            reference.Type != BlockrefType.Data;

        private void Take(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            ulong inum = reference.Dirent.Inum;
            if (_single.TryGetValue(inum, out List<int>? indexes))
                foreach (int index in indexes) Take(index, position.OwnerInum, NameOf(reference, block));
            foreach ((KeyRange range, int index) in _wide)
                if (range.Contains(inum)) Take(index, position.OwnerInum, NameOf(reference, block));
        }

        private void Take(int index, ulong directory, ReadOnlySpan<byte> name)
        {
            _totals[index]++;
            if (_found[index].Count < _pathsMax) _found[index].Add((directory, name.ToArray()));
        }
    }

    /// <summary>Finds the parent of an inode, as stored in the inode.</summary>
    private sealed class InodeSearch(ulong pfsKey, ulong inum) : Search(pfsKey)
    {
        public bool IsFound { get; private set; }

        public ulong Parent { get; private set; }

        public override bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (reference.Type != BlockrefType.Inode || position.PfsKey == 0 || position.IsPfsRoot(reference)) return true;
            IsFound = true;
            Parent = InodeBlock.ReadMeta(block).ParentInum;
            return false;
        }

        protected override bool WantsWithin(in WalkPosition position, in Blockref reference) =>
            reference.Type is BlockrefType.Inode or BlockrefType.Indirect && Covers(reference, inum);
    }

    /// <summary>Finds the name of an inode in a directory.</summary>
    private sealed class NameSearch(ulong pfsKey, ulong directory, ulong inum) : Search(pfsKey)
    {
        public byte[]? Name { get; private set; }

        public override bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (reference.Type == BlockrefType.Dirent && reference.Dirent.Inum == inum)
                Name ??= NameOf(reference, block).ToArray();
            return true;
        }

        protected override bool WantsWithin(in WalkPosition position, in Blockref reference)
        {
            if (Name is not null) return false;
            if (position.OwnerInum == directory)
                return reference.Type is BlockrefType.Dirent or BlockrefType.Indirect
                    && reference.KeyEnd >= Media.EntryKeyBit;
            return reference.Type is BlockrefType.Inode or BlockrefType.Indirect && Covers(reference, directory);
        }
    }
}
