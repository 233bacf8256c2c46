// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>Blocks that a scrub found whole, with all below them, so that what snapshots share is read once.</summary>
/// <remarks>Bounded: when it is full, what is shared is read again.</remarks>
internal sealed class ScrubSeen
{
    /// <summary>The most that are remembered; 24 MiB.</summary>
    public const int RememberedMax = 1 << 20;

    private readonly HashSet<ulong> _seen = [];

    /// <summary>True for a block that was found whole.</summary>
    public bool Contains(in Blockref reference) => _seen.Contains(MarkOf(reference));

    /// <summary>Remembers a block.</summary>
    public void Add(in Blockref reference)
    {
        if (_seen.Count < RememberedMax) _ = _seen.Add(MarkOf(reference));
    }

    // Another reference to one place may carry another check code, and is judged anew.
    private static ulong MarkOf(in Blockref reference)
    {
        ulong check = MemoryMarshal.Read<ulong>(reference.CheckRead);
        return (reference.Data.Raw * 0x9E37_79B9_7F4A_7C15) ^ check ^ (ulong)reference.Methods.Check;
    }
}
