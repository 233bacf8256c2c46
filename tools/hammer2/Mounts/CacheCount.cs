// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Mounts;

/// <summary>A cache of the process of a mount.</summary>
/// <param name="Name">What it holds.</param>
/// <param name="HeldBytes">Bytes in it.</param>
/// <param name="MaxBytes">The most that it holds.</param>
/// <param name="Hits">Searches that found a block, since the process began or in a time.</param>
/// <param name="Misses">Searches that did not.</param>
internal sealed record CacheCount(string Name, ulong HeldBytes, ulong MaxBytes, long Hits, long Misses)
{
    private const int Percent = 100;

    /// <summary>Of 100 searches, how many found a block; null without a search.</summary>
    public long? HitPercent => Hits + Misses == 0 ? null : Hits * Percent / (Hits + Misses);
}

/// <summary>Commits since a mount was made, or in a time.</summary>
/// <param name="Count">Those that became durable.</param>
/// <param name="Failed">Attempts that too few nodes took.</param>
/// <param name="TotalMicroseconds">Time for all successful ones.</param>
internal sealed record CommitCount(long Count, long Failed, long TotalMicroseconds)
{
    /// <summary>The mean duration in microseconds; 0 without a commit.</summary>
    public long MeanMicroseconds => Count == 0 ? 0 : TotalMicroseconds / Count;
}
