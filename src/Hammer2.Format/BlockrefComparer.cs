// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>Compares references by all of their 128 bytes: equal ones lead to the same block, with all below it.
/// </summary>
public sealed class BlockrefComparer : IEqualityComparer<Blockref>
{
    /// <summary>The only one.</summary>
    public static BlockrefComparer Instance { get; } = new();

    private BlockrefComparer()
    {
    }

    /// <summary>True when two references are alike in every bit.</summary>
    public static bool IsSame(in Blockref left, in Blockref right) => BytesOf(left).SequenceEqual(BytesOf(right));

    /// <inheritdoc/>
    public bool Equals(Blockref x, Blockref y) => IsSame(x, y);

    /// <inheritdoc/>
    public int GetHashCode(Blockref reference)
    {
        var hash = new HashCode();
        hash.AddBytes(BytesOf(reference));
        return hash.ToHashCode();
    }

    private static ReadOnlySpan<byte> BytesOf(in Blockref reference) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<Blockref>(in reference));
}
