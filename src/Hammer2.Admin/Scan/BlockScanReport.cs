// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>Options of a scan.</summary>
public sealed record BlockScanOptions
{
    /// <summary>Default of <see cref="CacheThreshold"/>.</summary>
    public const long CacheThresholdDefault = 100;

    /// <summary>True to count empty references too.</summary>
    public bool CountsEmpty { get; init; }

    /// <summary>True to follow the references in a block that does not match its check code; otherwise the blocks that
    /// it refers to are verified, and nothing below them.</summary>
    public bool FollowsDamage { get; init; }

    /// <summary>A subtree of at least this many references is read once and its totals are cached. A higher threshold
    /// needs less memory; at least 1.</summary>
    public long CacheThreshold { get; init; } = CacheThresholdDefault;

    /// <summary>Maximum number of listed faults; further ones are only counted.</summary>
    public int FaultsMax { get; init; } = 10_000;

    /// <summary>Called periodically with the number of references scanned so far.</summary>
    public Action<ulong>? Progress { get; init; }

    /// <summary>Ends the scan early.</summary>
    public CancellationToken Cancellation { get; init; }
}

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

/// <summary>A reference whose block is missing, unreadable or damaged.</summary>
/// <param name="Reference">The reference.</param>
/// <param name="Reason">The fault.</param>
public sealed record BlockScanFault(Blockref Reference, string Reason);

/// <summary>The result of scanning one tree.</summary>
public sealed class BlockScanReport
{
    private readonly List<BlockScanFault> _faults = [];
    private BlockScanTotals _totals;

    /// <summary>Totals of the tree.</summary>
    public BlockScanTotals Totals => _totals;

    /// <summary>The listed faults.</summary>
    public IReadOnlyList<BlockScanFault> Faults => _faults;

    /// <summary>Number of faults, listed or not.</summary>
    public long FaultsTotal { get; private set; }

    internal void Add(in BlockScanTotals totals) => _totals.Add(totals);

    internal void Add(in Blockref reference, string reason, int listedMax)
    {
        FaultsTotal++;
        if (_faults.Count < listedMax) _faults.Add(new BlockScanFault(reference, reason));
    }
}
