// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Chains;
using Hammer2.Format;

namespace Hammer2.Snapshots.Diff;

/// <summary>
/// Paths of a tree. An inode says in which directory it was made or renamed to last, and not its name there; so each
/// directory in question is read once for all names that are needed from it. Names that are not there, those of hard
/// links whose first name is gone, are looked for in all directories at once.
/// </summary>
internal sealed class TreeNames(PfsTree tree)
{
    // Deeper than any usable path; more is a cycle.
    private const int DepthMax = 4096;

    private readonly Dictionary<ulong, EntryName> _directories = [];

    /// <summary>Directories whose name is in memory.</summary>
    public int KnownTotal => _directories.Count;

    /// <summary>Forgets the names of directories.</summary>
    public void Clear() => _directories.Clear();

    /// <summary>Finds names of objects.</summary>
    /// <param name="wanted">Each with the directory that it should be in; 0 when that is unknown.</param>
    /// <param name="names">Receives the first name of each that was found.</param>
    public void Find(IReadOnlyDictionary<ulong, ulong> wanted, Dictionary<ulong, EntryName> names)
    {
        var byParent = new SortedDictionary<ulong, HashSet<ulong>>();
        foreach ((ulong inum, ulong parent) in wanted)
        {
            if (parent == 0) continue;
            if (!byParent.TryGetValue(parent, out HashSet<ulong>? numbers)) byParent.Add(parent, numbers = []);
            _ = numbers.Add(inum);
        }
        foreach ((ulong parent, HashSet<ulong> numbers) in byParent)
            if (tree.FindInode(parent, out Chain? directory) == Hammer2Error.None) Scan(directory!, numbers, names);
        var missing = new HashSet<ulong>();
        foreach (ulong inum in wanted.Keys)
            if (!names.ContainsKey(inum)) _ = missing.Add(inum);
        if (missing.Count > 0) ScanAll(missing, names);
    }

    /// <summary>Finds the names of directories and of all above them, for <see cref="PathOf"/>.</summary>
    public void Learn(IEnumerable<ulong> directories)
    {
        var wanted = new Dictionary<ulong, ulong>();
        foreach (ulong inum in directories) AddWanted(wanted, inum);
        for (int depth = 0; wanted.Count > 0 && depth < DepthMax; depth++)
        {
            Find(wanted, _directories);
            var above = new Dictionary<ulong, ulong>();
            foreach (ulong inum in wanted.Keys)
                if (_directories.TryGetValue(inum, out EntryName name)) AddWanted(above, name.Directory);
            wanted = above;
        }
    }

    /// <summary>The path of an entry whose directory was learned.</summary>
    public byte[] PathOf(in EntryName entry)
    {
        var parts = new List<byte[]> { entry.Name };
        ulong at = entry.Directory;
        int bytes = entry.Name.Length + 1;
        while (at != Media.PfsRootInum && parts.Count < DepthMax && _directories.TryGetValue(at, out EntryName above))
        {
            parts.Add(above.Name);
            bytes += above.Name.Length + 1;
            at = above.Directory;
        }
        byte[] start = at == Media.PfsRootInum ? [] : Unnamed(at);
        byte[] path = new byte[start.Length + bytes];
        start.CopyTo(path, 0);
        int position = start.Length;
        for (int i = parts.Count - 1; i >= 0; i--)
        {
            path[position++] = (byte)'/';
            parts[i].CopyTo(path, position);
            position += parts[i].Length;
        }
        return path;
    }

    /// <summary>Stands for the path of an object that has none that can be found.</summary>
    public static byte[] Unnamed(ulong inum) =>
        Encoding.ASCII.GetBytes("?<inode 0x" + inum.ToString("x", CultureInfo.InvariantCulture) + ">");

    private void AddWanted(Dictionary<ulong, ulong> wanted, ulong inum)
    {
        if (inum is 0 or Media.PfsRootInum || _directories.ContainsKey(inum) || wanted.ContainsKey(inum)) return;
        Hammer2Error error = tree.FindInode(inum, out Chain? inode);
        wanted.Add(inum, error == Hammer2Error.None ? inode!.Meta.ParentInum : 0);
    }

    private void Scan(Chain directory, HashSet<ulong> wanted, Dictionary<ulong, EntryName> names)
    {
        int left = wanted.Count;
        var cursor = new ChainCursor(tree.Device, directory, Media.EntryKeyBit, ulong.MaxValue);
        Hammer2Error error;
        while (left > 0 && (error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error != Hammer2Error.None || cursor.Current.Type != BlockrefType.Dirent) continue;
            ulong inum = cursor.Current.Dirent.Inum;
            if (!wanted.Contains(inum) || names.ContainsKey(inum)) continue;
            if (EntryName.Read(tree.Device, cursor.Current, out byte[] name) != Hammer2Error.None) continue;
            names.Add(inum, new EntryName(directory.Meta.Inum, name, cursor.Current.Dirent.Type));
            left--;
        }
    }

    private void ScanAll(HashSet<ulong> wanted, Dictionary<ulong, EntryName> names)
    {
        Scan(tree.Root, wanted, names);
        var cursor = new ChainCursor(tree.Device, tree.Root, 0, Media.EntryKeyBit - 1);
        Hammer2Error error;
        while ((error = cursor.MoveNext()) != Hammer2Error.NoEntry)
        {
            if (error != Hammer2Error.None || cursor.Current.Type != BlockrefType.Inode) continue;
            if (tree.Device.Load(cursor.Current, out Chain? inode) != Hammer2Error.None) continue;
            if (inode!.Meta.Type == ObjectType.Directory) Scan(inode, wanted, names);
        }
    }
}
