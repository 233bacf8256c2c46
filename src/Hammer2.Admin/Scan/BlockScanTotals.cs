// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Admin.Scan;

/// <summary>Number of references of each type, and the total size of their blocks.</summary>
public struct BlockScanTotals
{
    private ulong _references;
    private ulong _inodes;
    private ulong _indirects;
    private ulong _data;
    private ulong _entries;
    private ulong _freemapNodes;
    private ulong _freemapLeaves;
    private ulong _empty;
    private ulong _bytes;

    /// <summary>Number of references, including empty ones if they are counted.</summary>
    public readonly ulong References => _references;

    /// <summary>References to inodes.</summary>
    public readonly ulong Inodes => _inodes;

    /// <summary>References to indirect blocks.</summary>
    public readonly ulong Indirects => _indirects;

    /// <summary>References to file data.</summary>
    public readonly ulong Data => _data;

    /// <summary>Directory entries.</summary>
    public readonly ulong Entries => _entries;

    /// <summary>References to freemap nodes.</summary>
    public readonly ulong FreemapNodes => _freemapNodes;

    /// <summary>References to freemap leaves.</summary>
    public readonly ulong FreemapLeaves => _freemapLeaves;

    /// <summary>Empty references, if they are counted.</summary>
    public readonly ulong Empty => _empty;

    /// <summary>Total size of the blocks in bytes; a shared block counts once for each reference.</summary>
    public readonly ulong Bytes => _bytes;

    internal void Count(in Blockref reference)
    {
        _references++;
        _bytes += (uint)reference.Data.SizeBytes;
        switch (reference.Type)
        {
            case BlockrefType.Empty: _empty++; break;
            case BlockrefType.Inode: _inodes++; break;
            case BlockrefType.Indirect: _indirects++; break;
            case BlockrefType.Data: _data++; break;
            case BlockrefType.Dirent: _entries++; break;
            case BlockrefType.FreemapNode: _freemapNodes++; break;
            case BlockrefType.FreemapLeaf: _freemapLeaves++; break;
        }
    }

    // A crafted volume can share blocks so often that counters would overflow; the totals are informational.
    internal void Add(in BlockScanTotals other)
    {
        unchecked
        {
            _references += other._references;
            _inodes += other._inodes;
            _indirects += other._indirects;
            _data += other._data;
            _entries += other._entries;
            _freemapNodes += other._freemapNodes;
            _freemapLeaves += other._freemapLeaves;
            _empty += other._empty;
            _bytes += other._bytes;
        }
    }
}
