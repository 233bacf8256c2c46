// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Format;

/// <summary>
/// A range of keys, both ends included, so that the whole 64-bit space can be expressed and no end wraps.
/// </summary>
/// <remarks>Upstream: the pair <c>key</c> and <c>keybits</c>.</remarks>
public readonly record struct KeyRange
{
    /// <summary>Maximum of a range's bits: all keys.</summary>
    public const int BitsMax = 64;

    /// <summary>Makes the range from <paramref name="first"/> to <paramref name="last"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The last key is below the first.</exception>
    public KeyRange(ulong first, ulong last)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(last, first);
        First = first;
        Last = last;
    }

    /// <summary>All keys.</summary>
    public static KeyRange All => new(0, ulong.MaxValue);

    /// <summary>The lowest key.</summary>
    public ulong First { get; }

    /// <summary>The highest key.</summary>
    public ulong Last { get; }

    /// <summary>
    /// Makes the range of 2^<paramref name="bits"/> keys from <paramref name="key"/> on. False when
    /// <paramref name="bits"/> is above 64 or the range would exceed the key space.
    /// </summary>
    public static bool TryFromRadix(ulong key, int bits, out KeyRange range)
    {
        range = default;
        if ((uint)bits > BitsMax) return false;
        ulong span = bits == BitsMax ? ulong.MaxValue : (1UL << bits) - 1;
        if (key > ulong.MaxValue - span) return false;
        range = new KeyRange(key, key + span);
        return true;
    }

    /// <summary>
    /// The aligned range of 2^<paramref name="bits"/> keys that contains <paramref name="key"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bits"/> is below 0 or above 64.</exception>
    public static KeyRange Around(ulong key, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bits, (uint)BitsMax, nameof(bits));
        ulong span = bits == BitsMax ? ulong.MaxValue : (1UL << bits) - 1;
        return new KeyRange(key & ~span, key | span);
    }

    /// <summary>True when <paramref name="key"/> is in this range.</summary>
    public bool Contains(ulong key) => key >= First && key <= Last;

    /// <summary>True when all keys of <paramref name="other"/> are in this range.</summary>
    public bool Contains(KeyRange other) => other.First >= First && other.Last <= Last;

    /// <summary>True when the two have a key in common.</summary>
    public bool Overlaps(KeyRange other) => other.First <= Last && other.Last >= First;

    /// <summary>Computes the key after the range; false at the end of the key space.</summary>
    public bool TryNext(out ulong key)
    {
        key = unchecked(Last + 1);
        return key != 0;
    }

    /// <summary>Splits the range into two of equal length; false when it is a single key.</summary>
    /// <remarks>For ranges of a power of two. Of any other range the lower half is the shorter one.</remarks>
    public bool TryHalve(out KeyRange low, out KeyRange high)
    {
        low = high = default;
        if (First == Last) return false;
        ulong middle = First + ((Last - First) >> 1);
        if (((Last - First) & 1) == 0) middle--;
        low = new KeyRange(First, middle);
        high = new KeyRange(middle + 1, Last);
        return true;
    }

    /// <summary>Both ends in hexadecimal.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"[{First:x16}, {Last:x16}]");
}
