// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster;

/// <summary>
/// How modify_tid numbers the commits of a cluster: an epoch, a count within it, and a byte of chance. Each
/// assembly that writes takes an epoch above all that it can see, so that two assemblies that do not see each other
/// never give two different commits one number.
/// </summary>
/// <remarks>
/// Upstream only compares the numbers and adds to them; its own are below 2^40, which makes them epoch 0. A PFS on
/// a single device counts as upstream does.
/// </remarks>
internal static class CommitNumber
{
    /// <summary>From one change to the next.</summary>
    public const ulong Step = 1 << TagBits;

    private const int TagBits = 8;
    private const int EpochShift = 40;

    /// <summary>The epoch that a number belongs to.</summary>
    public static ulong EpochOf(ulong tid) => tid >> EpochShift;

    /// <summary>The first number of an epoch.</summary>
    public static ulong First(ulong epoch, byte tag) => (epoch << EpochShift) | tag;
}
