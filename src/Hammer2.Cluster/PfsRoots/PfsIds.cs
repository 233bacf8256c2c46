// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>The ids of a new PFS: one of the cluster, the same on all nodes, and one of each node.</summary>
internal sealed class PfsIds
{
    private readonly MediaUuid[] _nodeIds = new MediaUuid[Media.NodesMax];

    private PfsIds(MediaUuid clusterId) => ClusterId = clusterId;

    /// <summary>Id of the cluster.</summary>
    public MediaUuid ClusterId { get; }

    /// <summary>Draws ids.</summary>
    /// <param name="random">Gives 64 random bits.</param>
    /// <param name="clusterId">Id of the cluster; null for a new one.</param>
    /// <param name="nodeId">Id of the first node; null for a new one.</param>
    public static PfsIds Draw(Func<ulong> random, MediaUuid? clusterId = null, MediaUuid? nodeId = null)
    {
        var ids = new PfsIds(clusterId ?? DrawOne(random));
        foreach (ref MediaUuid id in ids._nodeIds.AsSpan()) id = DrawOne(random);
        if (nodeId is { } given) ids._nodeIds[0] = given;
        return ids;
    }

    /// <summary>Id of the node in a slot.</summary>
    public MediaUuid NodeIdOf(int slot) => _nodeIds[slot];

    // Version 4 of RFC 9562: random, but for the six bits that say so.
    private static MediaUuid DrawOne(Func<ulong> random)
    {
        Span<byte> bytes = stackalloc byte[16];
        Span<ulong> halves = MemoryMarshal.Cast<byte, ulong>(bytes);
        halves[0] = random();
        halves[1] = random();
        bytes[7] = (byte)((bytes[7] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return MediaUuid.From(new Guid(bytes));
    }
}
