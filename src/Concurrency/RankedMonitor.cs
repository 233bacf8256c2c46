// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Concurrency;

/// <summary>A ranked lock on which threads wait until another thread says that what it guards has changed.</summary>
/// <remarks>Not recursive. Ranks are checked where DEBUG is defined. Waiters check their condition again: they may
/// wake for changes that are not theirs.</remarks>
/// <param name="rank">What it guards, and its rank.</param>
public sealed class RankedMonitor(LockRank rank)
{
    private readonly object _monitor = new();

    /// <summary>What it guards, and its rank.</summary>
    public LockRank Rank => rank;

    /// <summary>Acquires it until the result is disposed of, by the same thread.</summary>
    /// <exception cref="InvalidOperationException">It holds a lock that comes after this one (DEBUG only).</exception>
    public Scope EnterScope()
    {
#if DEBUG
        HeldLocks.Add(this, rank, order: null);
        if (ThreadControl.Current is { } control)
        {
            control.Enter(this, () => Monitor.TryEnter(_monitor));
            return new Scope(this);
        }
#endif
        Monitor.Enter(_monitor);
        return new Scope(this);
    }

    /// <summary>Releases the lock, waits for <see cref="Pulse"/> or <see cref="PulseAll"/>, and acquires it again.
    /// </summary>
    /// <remarks>Entry: the lock is held.</remarks>
    public void Wait() => _ = Wait(Timeout.InfiniteTimeSpan);

    /// <summary>The same, for a limited time.</summary>
    /// <param name="timeout">At least 0, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <returns>False when the time was over before a pulse. The lock is held in any case.</returns>
    public bool Wait(TimeSpan timeout)
    {
#if DEBUG
        if (ThreadControl.Current is { } control)
            return control.Wait(this, () => Monitor.Exit(_monitor), () => Monitor.TryEnter(_monitor), timeout);
#endif
        return Monitor.Wait(_monitor, timeout);
    }

    /// <summary>Wakes one thread that waits.</summary>
    /// <remarks>Entry: the lock is held.</remarks>
    public void Pulse()
    {
#if DEBUG
        ThreadControl.Current?.Pulse(this, isAll: false);
#endif
        Monitor.Pulse(_monitor);
    }

    /// <summary>Wakes all threads that wait.</summary>
    /// <remarks>Entry: the lock is held.</remarks>
    public void PulseAll()
    {
#if DEBUG
        ThreadControl.Current?.Pulse(this, isAll: true);
#endif
        Monitor.PulseAll(_monitor);
    }

    private void Exit()
    {
        Monitor.Exit(_monitor);
#if DEBUG
        HeldLocks.Remove(this);
        ThreadControl.Current?.Left(this);
#endif
    }

    /// <summary>Holds the lock.</summary>
    public readonly ref struct Scope : IDisposable
    {
        private readonly RankedMonitor _owner;

        internal Scope(RankedMonitor owner) => _owner = owner;

        /// <inheritdoc/>
        public void Dispose() => _owner.Exit();
    }
}
