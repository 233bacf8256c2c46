// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>
/// Goal: whatever happens to up to eight nodes, nothing that was acknowledged is lost, nothing old is shown, no
/// ordinary failure parts the nodes, and when the devices are well again all are equal after few mounts.
/// Method: <see cref="ClusterSimulation"/>, seed by seed. HAMMER2_SEED=n replays one, call by call;
/// HAMMER2_CLUSTER_SEEDS=n runs n of them in place of 200, from HAMMER2_CLUSTER_FIRST on.
/// </summary>
public sealed class ClusterSimulationTests(ITestOutputHelper output)
{
    private const int SeedsUsual = 200;
    private const int SeedsWithAttributes = 40;
    private const int FailuresMax = 5;

    [Fact]
    public void No_seed_breaks_a_rule()
    {
        ulong first = (ulong)Number("HAMMER2_CLUSTER_FIRST", 1);
        Run(SeededRandom.Seeds(Number("HAMMER2_CLUSTER_SEEDS", SeedsUsual)), first);
    }

    [Fact]
    public void No_seed_with_extended_attributes_breaks_a_rule() =>
        Run(SeededRandom.Seeds(SeedsWithAttributes), SimulatedCluster.FirstWithAttributes);

    private void Run(ulong[] seeds, ulong first)
    {
        var counts = new SimulationCounts();
        var failures = new List<string>();
        // In the gate other tests run beside it.
        var options = new ParallelOptions
        {
            MaxDegreeOfParallelism = seeds.Length > SeedsUsual ? Environment.ProcessorCount : 1,
        };
        _ = Parallel.ForEach(seeds, options, (seed, loop) =>
        {
            (SimulationCounts own, string? failure) = Run(seed + first - 1);
            lock (failures)
            {
                counts.Add(own);
                if (failure is not null) failures.Add(failure);
                if (failures.Count >= FailuresMax) loop.Stop();
            }
        });
        output.WriteLine($"{seeds.Length} seeds: {counts}");
        Assert.True(failures.Count == 0, string.Join("\n\n", failures));
    }

    [Fact]
    public void A_seed_gives_the_same_run_again()
    {
        foreach (ulong seed in (ulong[])[3, 4])
        {
            var runs = new ClusterSimulation[2];
            for (int i = 0; i < runs.Length; i++)
            {
                runs[i] = new ClusterSimulation(seed, new SimulationCounts());
                runs[i].Run();
            }
            Assert.Equal(runs[0].Trace.ToArray(), runs[1].Trace);
        }
    }

    private static (SimulationCounts Counts, string? Failure) Run(ulong seed)
    {
        var counts = new SimulationCounts();
        try
        {
            new ClusterSimulation(seed, counts).Run();
            return (counts, null);
        }
        catch (SimulationException broken)
        {
            return (counts, broken.Message);
        }
    }

    private static int Number(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}
