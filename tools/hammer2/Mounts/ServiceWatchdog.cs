// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Threading;

namespace Hammer2.Tool.Mounts;

/// <summary>Tells the manager of services, in time for its WatchdogSec, that commits advance: a mount one commit of
/// which hangs for longer than that is silent, and the manager restarts its service.</summary>
/// <remarks>A mount with nothing to commit is well, and so is one that waits for nodes (noquorum=stall). Runs on the
/// timer's thread.</remarks>
internal sealed class ServiceWatchdog : IDisposable
{
    /// <summary>The variable with the interval in microseconds.</summary>
    public const string Variable = "WATCHDOG_USEC";

    /// <summary>The variable with the process that is watched; without it, any.</summary>
    public const string ProcessVariable = "WATCHDOG_PID";

    /// <summary>The notice.</summary>
    public const string Alive = "WATCHDOG=1";

    private readonly TimeSpan _interval;
    private readonly Func<TimeSpan> _longestCommit;
    private readonly Action<string> _notify;
    private readonly ITimer _timer;

    /// <summary>Notifies at once, and twice in each interval.</summary>
    /// <param name="interval">After so long without a notice the manager acts.</param>
    /// <param name="longestCommit">For how long the oldest commit that runs has been running.</param>
    /// <param name="notify">Sends a notice.</param>
    /// <param name="time">Makes the timer.</param>
    public ServiceWatchdog(TimeSpan interval, Func<TimeSpan> longestCommit, Action<string> notify, TimeProvider time)
    {
        _interval = interval;
        _longestCommit = longestCommit;
        _notify = notify;
        _timer = time.CreateTimer(
            static state => ((ServiceWatchdog)state!).Tick(), this, TimeSpan.Zero, interval / 2);
    }

    /// <summary>The interval that the environment asks for.</summary>
    /// <param name="microseconds">The value of <see cref="Variable"/>; null for none.</param>
    /// <param name="process">The value of <see cref="ProcessVariable"/>; null for none.</param>
    /// <param name="self">Number of this process.</param>
    /// <returns>Null when no manager watches this process, or the value is no positive number.</returns>
    public static TimeSpan? IntervalOf(string? microseconds, string? process, int self)
    {
        if (!string.IsNullOrEmpty(process) && process != self.ToString(CultureInfo.InvariantCulture)) return null;
        bool isNumber = long.TryParse(
            microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out long interval);
        // The runtime's timers take no longer ones.
        return isNumber && interval > 0
            ? TimeSpan.FromMicroseconds(Math.Min(interval, 86_400_000_000)) : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        if (_longestCommit() < _interval) _notify(Alive);
    }
}
