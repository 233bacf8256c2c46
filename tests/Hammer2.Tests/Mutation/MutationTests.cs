// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Mutation;

/// <summary>
/// Goal: no change of media makes the driver crash, hang, use memory without bound, return damaged content, or lose
/// unrelated content; and for every error the log names the location. Method: single fields and random bytes of
/// reachable blocks are changed, one change at a time, on images made by upstream's code; for half of the changes all
/// check codes up to the volume header are recomputed, so that validation is tested and not the check code. Then every
/// PFS is opened and walked and its files are read. HAMMER2_SEED=n repeats change n on each image; HAMMER2_LONG=1 makes
/// four times as many changes.
/// </summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private static bool IsLong => Environment.GetEnvironmentVariable("HAMMER2_LONG") is { Length: > 0 };

    [Theory]
    [InlineData("basic-types", 7000)]
    [InlineData("fuzz1001", 3000)]
    [InlineData("mvol2", 3000)]
    [InlineData("names", 1500)]
    [InlineData("matrix", 1500)]
    [InlineData("links", 1000)]
    [InlineData("pfs-snap", 1000)]
    [InlineData("dir-collide", 500)]
    public void A_changed_filesystem_is_read_without_crash_or_wrong_data(string image, int changes)
    {
        using var bench = new MutationBench(image, image);
        Run(bench, image, changes);
    }

    [Fact]
    public void A_changed_node_of_a_cluster_is_read_without_crash_or_wrong_data()
    {
        using var bench = new MutationBench("cluster3", [.. GoldenImage.Nodes("cluster3")]);
        Run(bench, "cluster3", 1500);
    }

    private void Run(MutationBench bench, string image, int changes)
    {
        ulong[] seeds = SeededRandom.Seeds(IsLong ? changes : changes / 4);
        output.WriteLine($"{image}: seeds {seeds[0]} to {seeds[^1]}");
        TimeSpan longest = default;
        ulong slowest = 0;
        foreach (ulong seed in seeds)
        {
            long start = Stopwatch.GetTimestamp();
            bench.Run(seed);
            TimeSpan took = Stopwatch.GetElapsedTime(start);
            if (took <= longest)
                continue;
            longest = took;
            slowest = seed;
        }
        output.WriteLine($"{image}: the longest took {longest.TotalMilliseconds:F0} ms, seed {slowest}");
        output.WriteLine(
            $"{image}: {seeds.Length} changes, {bench.RefusedCount} refused at opening, "
            + $"{bench.HarmlessCount} without any error, {bench.FailedPaths} paths answered errors, "
            + $"{bench.RepairedReads} reads repaired");
        // If no change were ever detected, the test would test nothing.
        bool isNoticed = bench.HarmlessCount < seeds.Length * 9 / 10 || bench.RepairedReads > 0;
        Assert.True(isNoticed || seeds.Length == 1);
    }
}
