// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>Makes accepted changes durable again and again, so that none waits longer than an
/// interval.</summary>
/// <remarks>Runs on the timer's thread. A commit that takes longer than the interval is not begun
/// twice.</remarks>
internal sealed class PeriodicCommit : IDisposable
{
    private readonly Hammer2FileSystem _fileSystem;
    private readonly ITimer _timer;
    private int _isRunning;

    /// <summary>Starts counting.</summary>
    public PeriodicCommit(Hammer2FileSystem fileSystem, TimeSpan interval, TimeProvider time)
    {
        _fileSystem = fileSystem;
        _timer = time.CreateTimer(static state => ((PeriodicCommit)state!).Commit(), this, interval, interval);
    }

    /// <summary>Stops, and waits for a commit that is under way.</summary>
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
