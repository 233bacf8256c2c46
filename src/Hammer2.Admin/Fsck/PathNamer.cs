// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>
/// Adds paths to the findings of a PFS: walks it once more for the entries of these inodes, and again for those of the
/// directories above them, and reads only the names on these paths.
/// </summary>
internal sealed class PathNamer
{
    // Deeper than any usable path; a longer chain of parents is a cycle.
    private const int ClimbMax = 4096;
    private const int PathsMax = 4096;

    private readonly FsckContext _context;
    private readonly PfsScope _pfs;
    private readonly Dictionary<ulong, EntryFact> _entries = [];
    private readonly Dictionary<ulong, byte[]?> _known = new() { [Media.PfsRootInum] = [] };

    public PathNamer(FsckContext context, PfsScope pfs)
    {
        _context = context;
        _pfs = pfs;
    }

    /// <summary>Adds paths to the findings of this PFS.</summary>
    public void NameFindings() => Name(_context.Findings);

    /// <summary>Adds paths to findings of another check.</summary>
    public void Name(IReadOnlyList<FsckFinding> findings)
    {
        var unnamed = new List<FsckFinding>();
        var wanted = new HashSet<ulong>();
        foreach (FsckFinding finding in findings)
        {
            if (finding.PfsKey != _pfs.Key || finding.Path is not null || finding.Inum == 0) continue;
            if (unnamed.Count == PathsMax) break;
            unnamed.Add(finding);
            if (finding.Inum != Media.PfsRootInum) _ = wanted.Add(finding.Inum);
        }
        Collect(wanted);
        Collect(DirectoriesAbove());
        foreach (FsckFinding finding in unnamed)
        {
            byte[]? path = PathOf(finding.Inum);
            finding.Path = path is { Length: 0 } ? [(byte)'/'] : path;
        }
    }

    private void Collect(HashSet<ulong> wanted)
    {
        if (wanted.Count == 0 || _pfs.WalkAgain is not { } walk) return;
        var selection = new FactSelection(wanted.Contains);
        _ = walk(selection);
        foreach (ref readonly EntryFact entry in selection.Entries) _ = _entries.TryAdd(entry.Inum, entry);
    }

    private HashSet<ulong> DirectoriesAbove()
    {
        DirectoryFacts directories = _pfs.Directories;
        directories.Sort();
        var above = new HashSet<ulong>();
        foreach (EntryFact entry in _entries.Values)
        {
            int at = directories.IndexOf(entry.Directory);
            while (at >= 0 && above.Add(directories.All[at].Inum)) at = directories.IndexOf(directories.All[at].Parent);
        }
        above.ExceptWith(_entries.Keys);
        return above;
    }

    private byte[]? PathOf(ulong inum)
    {
        var climbed = new List<(ulong Inum, byte[] Name)>();
        ulong at = inum;
        byte[]? start;
        while (!_known.TryGetValue(at, out start))
        {
            if (climbed.Count >= ClimbMax || !_entries.TryGetValue(at, out EntryFact entry)
                || NameOf(entry.Directory, entry.Key) is not { } name)
            {
                if (climbed.Count > 0)
                    start = Encoding.ASCII.GetBytes("<inode 0x" + at.ToString("x", CultureInfo.InvariantCulture) + ">");
                _known[at] = start;
                break;
            }
            climbed.Add((at, name));
            at = entry.Directory;
        }
        if (start is null && climbed.Count > 0)
            start = Encoding.ASCII.GetBytes("<inode 0x" + at.ToString("x", CultureInfo.InvariantCulture) + ">");
        byte[]? path = start;
        for (int index = climbed.Count - 1; index >= 0; index--)
        {
            path = [.. path!, (byte)'/', .. climbed[index].Name];
            _known[climbed[index].Inum] = path;
        }
        return path;
    }

    private byte[]? NameOf(ulong directory, ulong key)
    {
        var reader = new KeyReader(_context.Volumes);
        if (!reader.TryFindInode(_pfs.Root, directory, out Blockref inode)
            || !reader.TryFind(inode, key, BlockrefType.Dirent, out Blockref entry))
        {
            return null;
        }
        int length = entry.Dirent.NameBytes;
        if (length is 0 or > Media.NameBytesMax) return null;
        if (length <= Media.EntryNameInlineBytesMax) return entry.CheckRead[..length].ToArray();
        byte[] block = new byte[Media.AllocationBytesMin];
        return entry.Data.SizeBytes == block.Length && reader.TryRead(entry, block) ? block[..length] : null;
    }
}
