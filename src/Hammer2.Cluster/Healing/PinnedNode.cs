// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Cluster.Healing;

/// <summary>The last commit of a node, whose blocks stay where they are while it is examined.</summary>
internal sealed class PinnedNode : IDisposable
{
    private PinnedNode(PresentNode node, PinnedRoot pin, Chain root) => (Node, Pin, Root) = (node, pin, root);

    /// <summary>The node.</summary>
    public PresentNode Node { get; }

    /// <summary>The pin.</summary>
    public PinnedRoot Pin { get; }

    /// <summary>The PFS root in that commit.</summary>
    public Chain Root { get; }

    /// <summary>Pins a node, open for writing.</summary>
    /// <param name="node">The node.</param>
    /// <param name="purpose">What for, in words for people.</param>
    /// <param name="bound">How long it should last at most.</param>
    /// <param name="pinned">Null after an error.</param>
    /// <returns>None; NoResource when too many commits are pinned; the fault of a block above the PFS root; NoEntry
    /// when the PFS is not there.</returns>
    public static Hammer2Error Take(PresentNode node, string purpose, TimeSpan bound, out PinnedNode? pinned)
    {
        pinned = null;
        PinnedRoot? pin = node.Device.Committer!.Pin(purpose, bound);
        if (pin is null) return Hammer2Error.NoResource;
        Hammer2Error error = PfsEntry.Find(node.Device, pin.Root, node.Root.Reference.Key, out Chain? root);
        if (error == Hammer2Error.None) pinned = new PinnedNode(node, pin, root!);
        else pin.Dispose();
        return error;
    }

    /// <inheritdoc/>
    public void Dispose() => Pin.Dispose();
}
