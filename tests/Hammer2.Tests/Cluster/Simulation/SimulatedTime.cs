// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>A clock that goes on by a second whenever it is looked at.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now = _now.AddSeconds(1);
}
