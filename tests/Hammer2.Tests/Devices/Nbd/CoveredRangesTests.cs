// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Devices.Nbd;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Devices.Nbd;

/// <summary>Goal: it is known which bytes were answered. Method: drawn ranges, compared with an array of flags.
/// HAMMER2_SEED=n replays one case.</summary>
public sealed class CoveredRangesTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(50));

    [Theory, MemberData(nameof(Seeds))]
    public void Ranges_are_covered_once(ulong seed)
    {
        const int Length = 64;
        var random = new SeededRandom(seed);
        var ranges = new CoveredRanges();
        for (int round = 0; round < 20; round++)
        {
            ranges.Clear();
            bool[] covered = new bool[Length];
            while (!covered.All(one => one))
            {
                int first = random.Below(Length);
                int length = random.Below(Math.Min(8, Length - first)) + 1;
                bool isFree = !covered.AsSpan(first, length).Contains(true);
                Assert.True(isFree == ranges.TryAdd(1000 + first, length), $"seed {seed}: {first} {length}");
                if (isFree) covered.AsSpan(first, length).Fill(true);
                Assert.Equal(covered.All(one => one), ranges.IsAll(1000, Length));
            }
        }
    }
}
