// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.WriteBack;

namespace Hammer2.Cluster.Transactions;

/// <summary>Measures how much the open group holds, compared with its bounds.</summary>
internal sealed class GroupLoadMeter
{
    private readonly TransactionGate _gate;
    private readonly ClusterNodes _nodes;
    private readonly SpaceReserve _space;
    private readonly BlockMemory _blocks;
    private readonly DirtyMemory _memory;

    public GroupLoadMeter(
        TransactionGate gate, ClusterNodes nodes, SpaceReserve space, BlockMemory blocks, DirtyMemory memory)
    {
        _gate = gate;
        _nodes = nodes;
        _space = space;
        _blocks = blocks;
        _memory = memory;
    }

    /// <summary>The load at present. Allocates nothing.</summary>
    public GroupLoad Measure()
    {
        long reserved = _gate.OpenReservedBytes;
        // What little is reserved needs no look at the nodes.
        long kept = _space.ReserveBytes;
        long available = reserved > kept
            ? (long)_nodes.GetSpace(kept, _blocks.UnwrittenBytes).AvailableBytes : long.MaxValue;
        return new GroupLoad(
            _gate.OpenInodes, _memory.Inodes, _memory.InodesMax, _gate.OpenLeaves, reserved, available);
    }
}
