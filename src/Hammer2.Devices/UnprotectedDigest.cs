// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>A digest of the content of blocks that have no check code. It does not depend on the order of the
/// blocks.</summary>
/// <param name="Sum">Sum of a hash of each block and its location.</param>
/// <param name="Blocks">Number of blocks.</param>
public readonly record struct UnprotectedDigest(ulong Sum, ulong Blocks)
{
    private const ulong LocationFactor = 0x9E3779B97F4A7C15;

    internal UnprotectedDigest With(DataOffset location, ReadOnlySpan<byte> block)
    {
        ulong hash = CheckCode.Hash64(block) ^ (location.Raw * LocationFactor);
        return new UnprotectedDigest(unchecked(Sum + (hash * LocationFactor)), Blocks + 1);
    }
}
