// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Cluster.Healing;

/// <summary>Writes blocks of a node again where they are, with bytes that their own check codes prove.</summary>
/// <remarks>Used by one thread. A block that goes bad again and again is left to be stored elsewhere: its medium is
/// bad, or two owners share the place.</remarks>
internal sealed class BlockMender(SiblingBlocks siblings)
{
    private const int TimesMax = 3;
    private const int RememberedMax = 65536;

    private readonly Dictionary<(MediaDevice, ulong), int> _times = [];

    /// <summary>Blocks written so far.</summary>
    public long RewrittenTotal { get; private set; }

    /// <summary>Writes a block that could not be read.</summary>
    /// <param name="node">The node.</param>
    /// <param name="pin">A pinned commit of it that leads to the block.</param>
    /// <param name="place">Where the block is in its PFS; null when it belongs to none.</param>
    /// <param name="reference">The reference to it.</param>
    /// <param name="fault">What reading it met.</param>
    /// <returns>True when it is right now.</returns>
    public bool TryRewrite(
        PresentNode node, PinnedRoot pin, BlockPlace? place, in Blockref reference, Hammer2Error fault)
    {
        if (!ProvenBlock.CanRewrite(reference, fault)) return false;
        (MediaDevice, ulong) location = (node.Device, reference.Data.Raw);
        int times = _times.GetValueOrDefault(location);
        if (times >= TimesMax) return false;
        byte[] stored = new byte[reference.Data.SizeBytes];
        bool isFound = (TryCopyKnown(node, reference, stored) && CheckCode.Verify(reference, stored))
            || (place is { } known && siblings.TryRead(node, known, reference, stored));
        if (!isFound) return false;
        if (_times.Count >= RememberedMax) _times.Clear();
        _times[location] = times + 1;
        return TryRewriteWith(node, pin, reference, stored);
    }

    /// <summary>Writes a block again, if bytes are what belongs there.</summary>
    /// <returns>True when it is right now.</returns>
    public bool TryRewriteWith(PresentNode node, PinnedRoot pin, in Blockref reference, byte[] stored)
    {
        if (ProvenBlock.Rewrite(node.Device.Committer!, pin, reference, stored) != Hammer2Error.None) return false;
        RewrittenTotal++;
        return true;
    }

    private static bool TryCopyKnown(PresentNode node, in Blockref reference, byte[] stored)
    {
        if (node.Device.TryCopyCached(reference, stored)) return true;
        // The root of a mounted PFS is always in memory.
        Chain root = node.Root;
        if (root.Reference.Data.Raw != reference.Data.Raw) return false;
        root.Block.CopyTo(stored);
        return true;
    }
}
