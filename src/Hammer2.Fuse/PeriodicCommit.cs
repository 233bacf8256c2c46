// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>Commits in a fixed interval, the longest time that an accepted change is not durable.</summary>
/// <remarks>Runs on the timer's thread. While a commit lasts longer than the interval, no second one starts.</remarks>
internal sealed class PeriodicCommit : IDisposable
{
    private readonly Action _commit;
    private readonly ITimer _timer;
    private int _isRunning;

    /// <summary>Starts the timer.</summary>
    /// <param name="commit">Commits, and reports what it meets by itself.</param>
    /// <param name="interval">The interval.</param>
    /// <param name="time">The clock.</param>
    public PeriodicCommit(Action commit, TimeSpan interval, TimeProvider time)
    {
        _commit = commit;
        _timer = time.CreateTimer(static state => ((PeriodicCommit)state!).Commit(), this, interval, interval);
    }

    /// <summary>Begins another interval now.</summary>
    public void Change(TimeSpan interval) => _ = _timer.Change(interval, interval);

    /// <summary>Stops the timer and waits for a running commit.</summary>
    public void Dispose() => _timer.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private void Commit()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) != 0) return;
        try
        {
            _commit();
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }
}
