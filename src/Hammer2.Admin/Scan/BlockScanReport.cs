// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>How references are scanned.</summary>
public sealed record BlockScanOptions
{
    /// <summary>Default of <see cref="RememberedFrom"/>.</summary>
    public const long RememberedFromDefault = 100;

    /// <summary>True to count empty references too.</summary>
    public bool CountsEmpty { get; init; }

    /// <summary>True to follow the references in a block that does not agree with its check code; otherwise what it
    /// refers to is verified, and nothing below that.</summary>
    public bool FollowsDamage { get; init; }

    /// <summary>A subtree of at least this many references is read once and its sums are remembered. Less of them take
    /// less memory; at least 1.</summary>
    public long RememberedFrom { get; init; } = RememberedFromDefault;

    /// <summary>How many faults are listed; the others are counted.</summary>
    public int FaultsMax { get; init; } = 10_000;

    /// <summary>Called now and then with the references scanned so far.</summary>
    public Action<ulong>? Progress { get; init; }

    /// <summary>Ends the scan early.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>How many references there are of each type, and the bytes that they refer to.</summary>
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

    /// <summary>All references, empty ones only if they are counted.</summary>
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

    /// <summary>Bytes of the blocks, one that is shared as often as references lead to it.</summary>
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

    // What a volume shares without end may exceed any counter; the sums are for people.
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

/// <summary>A reference whose block is not as the reference says.</summary>
/// <param name="Reference">The reference.</param>
/// <param name="Reason">What is wrong.</param>
public sealed record BlockScanFault(Blockref Reference, string Reason);

/// <summary>What a scan of one tree found.</summary>
public sealed class BlockScanReport
{
    private readonly List<BlockScanFault> _faults = [];
    private BlockScanTotals _totals;

    /// <summary>Sums over all references of the tree.</summary>
    public BlockScanTotals Totals => _totals;

    /// <summary>Faults, as many as are listed.</summary>
    public IReadOnlyList<BlockScanFault> Faults => _faults;

    /// <summary>How many faults there are.</summary>
    public long FaultsTotal { get; private set; }

    internal void Add(in BlockScanTotals totals) => _totals.Add(totals);

    internal void Add(in Blockref reference, string reason, int listedMax)
    {
        FaultsTotal++;
        if (_faults.Count < listedMax) _faults.Add(new BlockScanFault(reference, reason));
    }
}
