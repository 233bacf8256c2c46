// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Testing;

/// <summary>
/// Reproducible random numbers: the same seed gives the same values on every machine and runtime.
/// </summary>
/// <remarks>SplitMix64 (Steele, Lea and Flood, 2014): one addition and a mix per value; every seed is good.</remarks>
public sealed class SeededRandom
{
    private ulong _state;

    /// <summary>Starts the sequence of <paramref name="seed"/>.</summary>
    public SeededRandom(ulong seed)
    {
        Seed = seed;
        _state = seed;
    }

    /// <summary>The seed of this sequence.</summary>
    public ulong Seed { get; }

    /// <summary>
    /// Seeds for a test: 1, 2, 3 and so on; or only the number in HAMMER2_SEED, to repeat one failing case.
    /// </summary>
    public static ulong[] Seeds(int count)
    {
        if (Environment.GetEnvironmentVariable("HAMMER2_SEED") is { Length: > 0 } text)
        {
            return [ulong.Parse(text, CultureInfo.InvariantCulture)];
        }

        var seeds = new ulong[count];
        for (int index = 0; index < count; index++) seeds[index] = (ulong)index + 1;
        return seeds;
    }

    /// <summary>Any 64 bits.</summary>
    public ulong NextUInt64()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong mixed = _state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public long Between(long least, long most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, least);
        ulong span = (ulong)(most - least) + 1;
        return span == 0 ? (long)NextUInt64() : least + (long)(NextUInt64() % span);
    }

    /// <summary>A number from 0 to <paramref name="count"/> less one.</summary>
    public int Below(int count) => (int)Between(0, (long)count - 1);

    /// <summary>True in <paramref name="percent"/> of a hundred cases.</summary>
    public bool Chance(int percent) => Below(100) < percent;

    /// <summary>One of <paramref name="choices"/>.</summary>
    public T Pick<T>(ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>Overwrites <paramref name="destination"/>.</summary>
    public void Fill(Span<byte> destination)
    {
        foreach (ref byte value in destination) value = (byte)(NextUInt64() >> 56);
    }

    /// <summary>A number from 0 to <paramref name="count"/> less one.</summary>
    public long Below(long count) => Between(0, count - 1);

    /// <summary>True with a probability of one in <paramref name="times"/>.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    /// <summary>Any byte.</summary>
    public byte NextByte() => (byte)(NextUInt64() >> 56);

    /// <summary>Mostly a value at a boundary: no, one, few or all bits set, small, or just below zero.</summary>
    public ulong NextEdge() => Below(8) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => 1UL << Below(64),
        3 => (1UL << Below(64)) - 1,
        4 => (ulong)Below(256),
        5 => (ulong)Below(65536) << Below(49),
        6 => 0UL - (ulong)Below(65537),
        _ => NextUInt64(),
    };
}
