// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.PfsRoots;

/// <summary>What a node has of a PFS whose receiving begins.</summary>
public sealed class BegunNode
{
    private readonly ReceivedState? _state;

    internal BegunNode(ReceivingNode node, Hammer2Error error, ReceivedState? state) =>
        (Node, Error, _state) = (node, error, state);

    /// <summary>The node.</summary>
    public ReceivingNode Node { get; }

    /// <summary>What kept it from being begun here: the fault of a block above the PFSs; NoSpace; Busy when it has a
    /// part of another one under the label.</summary>
    public Hammer2Error Error { get; }

    /// <summary>The PFS, begun anew or found; null when it was not begun, or the node has all of it.</summary>
    public ReceivedPfs? Pfs { get; private set; }

    /// <summary>True when the node has all of it.</summary>
    public bool IsWhole => Error == Hammer2Error.None && _state!.IsWhole;

    internal void Begin(byte[] label, PfsIds ids, int masters, uint seconds)
    {
        if (Error == Hammer2Error.None && !IsWhole)
            Pfs = ReceivedPfs.BeginInParts(Node, label, _state!, ids, masters, seconds);
    }
}
