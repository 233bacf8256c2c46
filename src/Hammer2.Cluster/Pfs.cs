// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Hammer2.Chains;
using Hammer2.Cluster.Changes;
using Hammer2.Format;
using Hammer2.Membership;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>Space and objects of a PFS, as df(1) shows them.</summary>
/// <param name="TotalBytes">Allocatable bytes of the smallest node.</param>
/// <param name="FreeBytes">Free bytes of the fullest node.</param>
/// <param name="InodesTotal">Objects in the PFS, the root included.</param>
/// <param name="AvailableBytes">What of the free bytes may be filled: not what waits to be written, nor
/// what is kept for removing.</param>
public readonly record struct PfsSpace(
    ulong TotalBytes, ulong FreeBytes, ulong InodesTotal, ulong AvailableBytes);

/// <summary>
/// A mounted PFS: its nodes, of which the synced ones are read. A PFS on one device is a cluster of one.
/// </summary>
/// <remarks>Upstream: <c>hammer2_pfs_t</c>. Thread-safe; while nothing is written, immutable.</remarks>
public sealed class Pfs
{
    private readonly PfsNode[] _synced;
    private object? _spaceBeforeFence;              // a PfsSpace, taken before the newest fence
    private long _repairedReads;

    internal Pfs(byte[] label, PfsNode[] nodes, Assembly assembly, ILogger logger)
    {
        Logger = logger;
        Label = label;
        Nodes = nodes;
        Assembly = assembly;
        _synced = Array.FindAll(nodes, node => node.State == NodeState.Synced);
    }

    /// <summary>The label that was mounted.</summary>
    public ReadOnlyMemory<byte> Label { get; }

    /// <summary>All nodes, absent ones too.</summary>
    public IReadOnlyList<PfsNode> Nodes { get; }

    /// <summary>How they were put together.</summary>
    public Assembly Assembly { get; }

    /// <summary>Reads that a sibling answered because the focus could not.</summary>
    public long RepairedReads => Volatile.Read(ref _repairedReads);

    /// <summary>What makes changes; null while the PFS is read-only.</summary>
    public PfsWriter? Writer { get; private set; }

    internal ILogger Logger { get; }

    /// <summary>The nodes that were synced when the PFS was put together; never empty. One that failed since
    /// stays in its place and says so.</summary>
    internal ReadOnlySpan<PfsNode> Synced => _synced;

    /// <summary>Finds an object by its number.</summary>
    /// <returns>None; NoEntry when the nodes agree that there is none; the errors of all nodes when none
    /// could answer.</returns>
    public Hammer2Error GetInode(ulong inum, out Inode inode)
    {
        if (Writer is { } writer && writer.TryGetLive(inum, out LiveInode? live))
        {
            inode = new Inode(this, live);
            return live.IsDeleted ? Hammer2Error.NoEntry : Hammer2Error.None;
        }
        int focus = FocusOf(inum);
        Hammer2Error error = _synced[focus].LoadInode(inum, out Chain? chain);
        inode = error == Hammer2Error.None ? new Inode(this, focus, inum, chain!) : default;
        return error.IsNodeFault() ? GetInodeFromSibling(inum, focus, error, out inode) : error;
    }

    /// <summary>
    /// Makes the PFS writable: reads every synced node's freemap and repairs what a crash left in it, begins an
    /// epoch of commits where there are several masters, and drops objects that lost their last name before the
    /// crash. Nodes that are not level are neither read nor written.
    /// </summary>
    /// <param name="options">How it is written.</param>
    /// <returns>None; ReadOnly; NoQuorum when <see cref="Assembly"/> says why it must not be written; what a freemap,
    /// the index of inodes or a first commit met. After an error the PFS stays read-only.</returns>
    public Hammer2Error OpenForWriting(PfsWriteOptions? options = null)
    {
        if (Writer is not null) return Hammer2Error.None;
        if (Assembly.Obstacle != WriteObstacle.None) return Hammer2Error.NoQuorum;
        foreach (PfsNode node in _synced)
        {
            Hammer2Error error = node.Device.OpenForWriting();
            if (error != Hammer2Error.None) return error;
        }
        var writer = new PfsWriter(this, options ?? new PfsWriteOptions());
        try
        {
            Hammer2Error refused = writer.Start();
            if (refused == Hammer2Error.None) Writer = writer;
            return refused;
        }
        finally
        {
            if (Writer is null) writer.Dispose();
        }
    }

    /// <summary>
    /// Space as the user may count on it: every node must take every write, so the least of each counts. Once the
    /// last node is fenced, what it was before.
    /// </summary>
    public PfsSpace GetSpace()
    {
        ulong total = ulong.MaxValue, free = ulong.MaxValue;
        ulong inodes = 0;
        bool isAnySynced = false;
        foreach (PfsNode node in _synced)
        {
            if (!node.IsSynced) continue;
            isAnySynced = true;
            total = Math.Min(total, node.Device.Header.Fields.AllocatorBytes);
            free = Math.Min(free, node.Device.FreeBytes);
            inodes = Math.Max(inodes, node.Root.Reference.Subtree.InodeCount);
        }
        if (!isAnySynced) return (PfsSpace)Volatile.Read(ref _spaceBeforeFence)!;
        free = Math.Min(free, total);
        // What waits is less than what was promised for it, which makes no sense to anybody who looks.
        ulong kept = Writer is { } writer ? (ulong)(writer.Space.ReserveBytes + writer.WaitingBytes) : 0;
        return new PfsSpace(total, free, inodes + 1, free > kept ? free - kept : 0);
    }

    /// <summary>Has a synced node neither read nor written any more.</summary>
    internal void Fence(PfsNode node)
    {
        Volatile.Write(ref _spaceBeforeFence, GetSpace());
        node.Fence();
    }

    internal void CountRepairedRead() => _ = Interlocked.Increment(ref _repairedReads);

    // One object is always read from the same node, which keeps streams on one device and each node's cache
    // to its share; different objects spread over the nodes. A node that failed leaves its share to the next.
    internal int FocusOf(ulong inum)
    {
        if (_synced.Length == 1) return 0;
        int first = (int)(inum % (uint)_synced.Length);
        for (int step = 0; step < _synced.Length; step++)
        {
            int node = (first + step) % _synced.Length;
            if (_synced[node].IsSynced) return node;
        }
        return first;
    }

    private Hammer2Error GetInodeFromSibling(ulong inum, int failed, Hammer2Error errors, out Inode inode)
    {
        for (int step = 1; step < _synced.Length; step++)
        {
            int node = (failed + step) % _synced.Length;
            if (!_synced[node].IsSynced) continue;
            Hammer2Error error = _synced[node].LoadInode(inum, out Chain? chain);
            if (error.IsNodeFault())
            {
                errors |= error;
                continue;
            }
            inode = error == Hammer2Error.None ? new Inode(this, node, inum, chain!) : default;
            CountRepairedRead();
            return error;
        }
        inode = default;
        return errors;
    }
}
