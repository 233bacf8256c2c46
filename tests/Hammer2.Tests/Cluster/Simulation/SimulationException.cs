// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>A rule was broken in a simulation.</summary>
internal sealed class SimulationException(SimulatedCluster cluster, Exception failure) : Exception(
    $"HAMMER2_SEED={cluster.Seed}: {failure.Message}\n{string.Join('\n', cluster.Trace.TakeLast(LinesMax))}\n"
    + failure.StackTrace, failure)
{
    private const int LinesMax = 90;
}
