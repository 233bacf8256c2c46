// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>One of the filesystems that receive a PFS.</summary>
public sealed class ReceivingNode
{
    private readonly PresentNode? _node;

    internal ReceivingNode(PresentNode node) : this(node.Device, node.Slot) => _node = node;

    internal ReceivingNode(MediaDevice device, int slot) => (Device, Slot) = (device, slot);

    /// <summary>The filesystem, open for writing.</summary>
    public MediaDevice Device { get; }

    /// <summary>Its name, for people.</summary>
    public string Name => Device.Name;

    /// <summary>The slot of the node; 0 without a mounted PFS.</summary>
    public int Slot { get; }

    /// <summary>False once it failed a write, or was set aside.</summary>
    public bool IsUsable => _node?.IsSynced ?? !Device.Committer!.IsFenced;
}
