// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>A pinned commit of a synced node, which another node is made equal to.</summary>
internal sealed class ResyncSource : IDisposable
{
    // The node is only read meanwhile; the pin is named in the log when a copy takes longer than this.
    private static readonly TimeSpan s_bound = TimeSpan.FromHours(24);

    private readonly PinnedRoot _pin;

    private ResyncSource(PresentNode node, PinnedRoot pin, Chain root)
    {
        Node = node;
        _pin = pin;
        Root = root;
    }

    /// <summary>The node.</summary>
    public PresentNode Node { get; }

    /// <summary>Its PFS root in that commit.</summary>
    public Chain Root { get; }

    /// <summary>mirror_tid of that commit.</summary>
    public ulong MirrorTid => _pin.MirrorTid;

    /// <summary>Pins the last commit of a node.</summary>
    /// <param name="node">The node, open for writing.</param>
    /// <param name="source">Null after an error.</param>
    /// <returns>None; NoResource when too many commits are pinned; the fault of a block above the PFS root; NoEntry
    /// when the PFS is not there.</returns>
    public static Hammer2Error Pin(PresentNode node, out ResyncSource? source)
    {
        source = null;
        PinnedRoot? pin = node.Device.Committer!.Pin("resynchronization of a node", s_bound);
        if (pin is null) return Hammer2Error.NoResource;
        Hammer2Error error = PfsEntry.Find(node.Device, pin.Root, node.Root.Reference.Key, out Chain? root);
        if (error == Hammer2Error.None) source = new ResyncSource(node, pin, root!);
        else pin.Dispose();
        return error;
    }

    /// <inheritdoc/>
    public void Dispose() => _pin.Dispose();
}
