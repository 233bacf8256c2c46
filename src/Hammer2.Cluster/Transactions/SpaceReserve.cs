// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Chains.Freemap;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Space reserved for accepted changes of one PFS, on each of its nodes: every node writes every change, so that the
/// fullest one decides. A change that could not be committed is refused at once, so that a commit never runs out of
/// space.
/// </summary>
/// <remarks>A failed node is charged as well, without checking for space, so that a later release matches its
/// reservation. Lock: rank 50, shared but for a change of the nodes.</remarks>
internal sealed class SpaceReserve : IDisposable
{
    private readonly RankedReaderWriterLock _nodesLock = new(LockRank.ReservationNodes);
    private PresentNode[] _nodes;
    private long _reservedBytes;

    public SpaceReserve(ClusterView view) => _nodes = NodesOf(view, []);

    /// <summary>Free bytes not available to changes that add: those of the node that keeps the most.</summary>
    public long ReserveBytes
    {
        get
        {
            long most = 0;
            foreach (PresentNode node in Volatile.Read(ref _nodes)) most = Math.Max(most, SpaceOf(node).ReserveBytes);
            return most;
        }
    }

    /// <summary>True while a device is in emergency mode.</summary>
    public bool IsEmergency
    {
        get
        {
            foreach (PresentNode node in Volatile.Read(ref _nodes))
                if (SpaceOf(node).IsEmergency) return true;
            return false;
        }
    }

    /// <summary>Turns emergency mode of all devices on or off.</summary>
    public void SetEmergency(bool isOn)
    {
        foreach (PresentNode node in Volatile.Read(ref _nodes)) SpaceOf(node).IsEmergency = isOn;
    }

    /// <summary>True when a change of this size may be accepted; space is reserved for it then.</summary>
    /// <param name="bytes">The most that it can allocate.</param>
    /// <param name="dataBytes">Bytes of these for file data, which may need contiguous 64 KiB.</param>
    /// <param name="use">Tells whether the change adds or removes.</param>
    public bool TryReserve(long bytes, long dataBytes, SpaceUse use)
    {
        _nodesLock.EnterShared();
        try
        {
            for (int node = 0; node < _nodes.Length; node++)
            {
                SpaceReservations space = SpaceOf(_nodes[node]);
                if (!_nodes[node].IsSynced) space.Charge(bytes);
                else if (!space.TryReserve(bytes, dataBytes, use))
                {
                    Release(_nodes.AsSpan(0, node), bytes);
                    return false;
                }
            }
            _ = Interlocked.Add(ref _reservedBytes, bytes);
            return true;
        }
        finally
        {
            _nodesLock.ExitShared();
        }
    }

    /// <summary>True when this much could be reserved for adding.</summary>
    public bool HasRoom(long bytes)
    {
        foreach (PresentNode node in Volatile.Read(ref _nodes))
            if (node.IsSynced && !SpaceOf(node).HasRoom(bytes)) return false;
        return true;
    }

    /// <summary>Ends a reservation: the space was allocated, or is not needed.</summary>
    public void Release(long bytes)
    {
        if (bytes == 0) return;
        _nodesLock.EnterShared();
        Release(_nodes, bytes);
        _ = Interlocked.Add(ref _reservedBytes, -bytes);
        _nodesLock.ExitShared();
    }

    /// <summary>Moves all reservations to the nodes of a view: they are charged on those that joined, and released on
    /// those that left.</summary>
    public void Follow(ClusterView view)
    {
        _nodesLock.EnterExclusive();
        PresentNode[] before = _nodes;
        _nodes = NodesOf(view, before);
        foreach (PresentNode node in _nodes)
            if (!Array.Exists(before, other => other == node)) SpaceOf(node).Charge(_reservedBytes);
        foreach (PresentNode node in before)
            if (!view.Has(node)) SpaceOf(node).Release(_reservedBytes);
        _nodesLock.ExitExclusive();
    }

    /// <inheritdoc/>
    public void Dispose() => _nodesLock.Dispose();

    // Nodes that are written, and those that were until they failed.
    private static PresentNode[] NodesOf(ClusterView view, PresentNode[] before)
    {
        var nodes = new List<PresentNode>();
        foreach (PresentNode node in view.Nodes)
            if (node.IsSynced || Array.Exists(before, other => other == node)) nodes.Add(node);
        return [.. nodes];
    }

    private static void Release(ReadOnlySpan<PresentNode> nodes, long bytes)
    {
        foreach (PresentNode node in nodes) SpaceOf(node).Release(bytes);
    }

    private static SpaceReservations SpaceOf(PresentNode node) => node.Device.Committer!.Space;
}
