// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Hammer2.Format;

namespace Hammer2.Admin.Fsck;

/// <summary>
/// Adds paths to the findings of a PFS: follows the collected entries to the root, and reads only the names on that
/// path again.
/// </summary>
internal sealed class PathNamer
{
    // Deeper than any usable path; a longer chain of parents is a cycle.
    private const int ClimbMax = 4096;
    private const int PathsMax = 4096;

    private readonly FsckContext _context;
    private readonly PfsScope _pfs;
    private readonly Dictionary<ulong, byte[]?> _known = new() { [Media.PfsRootInum] = [] };

    public PathNamer(FsckContext context, PfsScope pfs)
    {
        _context = context;
        _pfs = pfs;
    }

    /// <summary>Adds paths to the findings of this PFS. The entries must be sorted by inode number.</summary>
    public void NameFindings() => Name(_context.Findings);

    /// <summary>Adds paths to findings of another check.</summary>
    public void Name(IReadOnlyList<FsckFinding> findings)
    {
        int named = 0;
        foreach (FsckFinding finding in findings)
        {
            if (finding.PfsKey != _pfs.Key || finding.Path is not null || finding.Inum == 0) continue;
            if (++named > PathsMax) return;
            byte[]? path = PathOf(finding.Inum);
            finding.Path = path is { Length: 0 } ? [(byte)'/'] : path;
        }
    }

    private byte[]? PathOf(ulong inum)
    {
        var climbed = new List<(ulong Inum, byte[] Name)>();
        ulong at = inum;
        byte[]? start;
        while (!_known.TryGetValue(at, out start))
        {
            if (climbed.Count >= ClimbMax || !TryFindEntry(at, out EntryFact entry)
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

    private bool TryFindEntry(ulong inum, out EntryFact entry)
    {
        ReadOnlySpan<EntryFact> entries = CollectionsMarshal.AsSpan(_pfs.Entries);
        (int low, int high) = (0, entries.Length);
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (entries[middle].Inum < inum) low = middle + 1;
            else high = middle;
        }
        bool isFound = low < entries.Length && entries[low].Inum == inum;
        entry = isFound ? entries[low] : default;
        return isFound;
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
