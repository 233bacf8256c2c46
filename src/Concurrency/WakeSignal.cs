// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Concurrency;

/// <summary>Wakes one thread: each <see cref="Set"/> ends the current or the next <see cref="Wait"/>.</summary>
/// <remarks>Signals are not counted: two of them before a wait end one wait. Not a lock; it has no rank.</remarks>
public sealed class WakeSignal : IDisposable
{
    private readonly AutoResetEvent _event = new(initialState: false);

    /// <inheritdoc/>
    public void Dispose() => _event.Dispose();

    /// <summary>Ends a wait.</summary>
    public void Set()
    {
        _ = _event.Set();
#if DEBUG
        ThreadControl.Current?.Left(this);
#endif
    }

    /// <summary>Waits for a signal, and consumes it.</summary>
    public void Wait()
    {
#if DEBUG
        if (ThreadControl.Current is { } control)
        {
            control.Enter(this, () => _event.WaitOne(0));
            return;
        }
#endif
        _ = _event.WaitOne();
    }
}
