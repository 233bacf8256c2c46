// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Recovery;

/// <summary>
/// Makes paths of names that were found. A directory that exists has the path that it has now, a deleted one its last. What
/// has no name gets one below lost+found.
/// </summary>
internal sealed class PathBuilder
{
    private const int ClimbMax = 1024;
    private const int PathBytesMax = 1 << 16;
    private const int KnownMax = 100_000;
    private const int NamesMax = 100;

    private readonly LiveState _live;
    private readonly SearchPass _pass;
    private readonly SlotReader _slots;
    private readonly KeyReader _keys;
    private readonly Dictionary<(short Pfs, ulong Inum), byte[]?> _known = [];

    public PathBuilder(VolumeSet volumes, LiveState live, SearchPass pass)
    {
        (_live, _pass) = (live, pass);
        _slots = new SlotReader(volumes);
        _keys = new KeyReader(volumes);
    }

    /// <summary>The paths of an object, without a slash at the start, each once.</summary>
    /// <param name="meta">Its inode.</param>
    /// <param name="pfs">Its PFS.</param>
    /// <param name="isKnown">False when no name of it was found, or not the way from the root to it.</param>
    public List<byte[]> PathsOf(in InodeMeta meta, short pfs, out bool isKnown)
    {
        var paths = new List<byte[]>();
        isKnown = true;
        int wanted = meta.Type == ObjectType.Directory ? 1 : (int)Math.Clamp(meta.LinkCount, 1, NamesMax);
        foreach (FoundName entry in _pass.Names.Of(meta.Inum, pfs))
        {
            if (paths.Count == wanted) break;
            if (_slots.NameAt(entry.Slot) is { } name) Add(paths, entry.Directory, pfs, name, ref isKnown);
        }
        if (paths.Count == 0 && _pass.Names.StrayOf(meta.Inum) is { } stray && _slots.NameAt(stray.Slot) is { } found)
            Add(paths, meta.ParentInum, pfs, found, ref isKnown);
        if (paths.Count == 0 && DirectoryName(meta.Inum, pfs, out ulong parent) is { } own)
            Add(paths, parent, pfs, own, ref isKnown);
        if (paths.Count > 0) return paths;
        isKnown = false;
        Add(paths, meta.ParentInum, pfs, Marker(meta.Inum), ref isKnown);
        return paths;
    }

    private void Add(List<byte[]> paths, ulong directory, short pfs, byte[] name, ref bool isKnown)
    {
        byte[]? above = DirectoryPath(directory, pfs);
        isKnown &= above is not null;
        above ??= [.. "lost+found/"u8, .. Marker(directory)];
        byte[] path = above.Length == 0 ? name : [.. above, (byte)'/', .. name];
        if (!paths.Exists(known => known.AsSpan().SequenceEqual(path))) paths.Add(path);
    }

    /// <summary>The path of a directory without a slash at its ends, so the root's is empty; null when it is not
    /// known.</summary>
    private byte[]? DirectoryPath(ulong inum, short pfs)
    {
        if (_known.Count > KnownMax) _known.Clear();
        var climbed = new List<(ulong Inum, byte[] Name)>();
        ulong at = inum;
        byte[]? path = [];
        while (at != Media.PfsRootInum && !_known.TryGetValue((pfs, at), out path))
        {
            if (climbed.Count == ClimbMax || DirectoryName(at, pfs, out ulong parent) is not { } name)
            {
                path = null;
                break;
            }
            climbed.Add((at, name));
            at = parent;
        }
        if (at == Media.PfsRootInum) path = [];
        for (int index = climbed.Count - 1; index >= 0; index--)
        {
            if (path is { Length: > PathBytesMax }) path = null;
            byte[] name = climbed[index].Name;
            path = path is null ? null : path.Length == 0 ? name : [.. path, (byte)'/', .. name];
            _known[(pfs, climbed[index].Inum)] = path;
        }
        return path;
    }

    /// <summary>The name of a directory and the directory that it is in; null when it is not known.</summary>
    private byte[]? DirectoryName(ulong inum, short pfs, out ulong parent)
    {
        if (LiveOf(inum, pfs, out LiveDirectory there) is { } live)
        {
            parent = there.Parent;
            return NameOf(live, there);
        }
        foreach (FoundName entry in _pass.Names.Of(inum, pfs))
        {
            parent = entry.Directory;
            if (entry.IsOfDirectory && _slots.NameAt(entry.Slot) is { } name) return name;
        }
        parent = 0;
        return null;
    }

    private byte[]? NameOf(LivePfs live, in LiveDirectory directory) =>
        _keys.TryFindInode(live.Record.Reference, directory.Parent, out Blockref inode)
        && _keys.TryFind(inode, directory.Key, BlockrefType.Dirent, out Blockref entry)
            ? _slots.NameOf(entry)
            : null;

    private LivePfs? LiveOf(ulong inum, short pfs, out LiveDirectory found)
    {
        found = default;
        if (pfs != FoundPfs.Unknown) return _pass.Pfses[pfs].Live is { } own && own.TryFind(inum, out found) ? own : null;
        foreach (LivePfs live in _live.Pfses)
            if (live.TryFind(inum, out found)) return live;
        return null;
    }

    private static byte[] Marker(ulong inum) =>
        Encoding.ASCII.GetBytes("inode-0x" + inum.ToString("x", CultureInfo.InvariantCulture));
}
