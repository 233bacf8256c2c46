// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>A clock that goes on by a second whenever it is looked at, and by what slow devices take.</summary>
internal sealed class SimulatedTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _now = _now.AddSeconds(1);

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().Ticks;

    /// <summary>Lets time pass.</summary>
    public void Pass(int seconds) => _now = _now.AddSeconds(seconds);
}
