// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>Commits in a fixed interval, the longest time that an accepted change is not durable.</summary>
/// <remarks>Runs on the timer's thread. While a commit lasts longer than the interval, no second one starts.</remarks>
internal sealed class PeriodicCommit : IDisposable
{
    private readonly Hammer2FileSystem _fileSystem;
    private readonly ITimer _timer;
    private int _isRunning;

    /// <summary>Starts the timer.</summary>
    public PeriodicCommit(Hammer2FileSystem fileSystem, TimeSpan interval, TimeProvider time)
    {
        _fileSystem = fileSystem;
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
            _fileSystem.CommitInBackground();
        }
        finally
        {
            Volatile.Write(ref _isRunning, 0);
        }
    }
}
