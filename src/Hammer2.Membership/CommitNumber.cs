// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Membership;

/// <summary>
/// How modify_tid numbers the commits of a cluster: 20 bits of epoch and 44 bits that count. Each mount that writes
/// takes an epoch above every number that it can see; the first number of an epoch has 24 random bits in its low part,
/// and counting goes on from there.
/// </summary>
/// <remarks>
/// Two mounts never give one number to two commits: an epoch is used for a second commit only after a majority of
/// masters holds its first, and any two majorities share a node. Upstream only compares the numbers and adds one. A PFS
/// that never was a cluster counts as upstream does, from 1 upward.
/// </remarks>
public static class CommitNumber
{
    private const int EpochShift = 44;
    private const ulong EpochMax = (1 << 20) - 1;
    private const ulong RandomMask = (1 << 24) - 1;

    // Versions before this layout had epochs from here on.
    private const ulong ClusterMin = 1UL << 40;

    // So far before the end of the counter a new epoch begins; no group of changes takes that many numbers.
    private const ulong EndMargin = 1UL << 40;

    /// <summary>The epoch that a number belongs to.</summary>
    public static ulong EpochOf(ulong number) => number >> EpochShift;

    /// <summary>How many commits one number is before another; null when they were not counted by the same
    /// mount.</summary>
    public static ulong? Between(ulong earlier, ulong later) =>
        earlier <= later && EpochOf(earlier) == EpochOf(later) ? later - earlier : null;

    /// <summary>True for a number that only a cluster can have.</summary>
    public static bool IsOfCluster(ulong number) => number >= ClusterMin;

    /// <summary>True when the counter of its epoch is so near its end that the next commit begins a new
    /// epoch.</summary>
    public static bool NeedsEpoch(ulong number) =>
        (number & ((1UL << EpochShift) - 1)) >= (1UL << EpochShift) - EndMargin;

    /// <summary>The first number of the epoch after all that are known.</summary>
    /// <param name="greatest">The greatest number that any node shows, whatever wrote it.</param>
    /// <param name="random">From the system's generator; its low 24 bits are used.</param>
    /// <param name="number">The number.</param>
    /// <returns>False when all 2^20 epochs are used up.</returns>
    public static bool TryBeginEpoch(ulong greatest, ulong random, out ulong number)
    {
        ulong epoch = EpochOf(greatest) + 1;
        number = (epoch << EpochShift) | (random & RandomMask);
        return epoch <= EpochMax;
    }
}
