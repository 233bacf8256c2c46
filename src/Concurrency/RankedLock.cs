// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Concurrency;

/// <summary>A lock of one thread, with a rank that says after which others it may be acquired.</summary>
/// <remarks>Not recursive. Ranks are checked where DEBUG is defined. A lock on which threads wait for a condition is a
/// <see cref="RankedMonitor"/>.</remarks>
/// <param name="rank">What it guards, and its rank.</param>
/// <param name="order">Orders locks of one rank that are held together: they are acquired with ascending keys.</param>
public sealed class RankedLock(LockRank rank, long? order = null)
{
    private readonly Lock _lock = new();

    /// <summary>What it guards, and its rank.</summary>
    public LockRank Rank => rank;

    /// <summary>Orders locks of one rank; null when it is never held together with another of its rank.</summary>
    public long? Order => order;

    /// <summary>True when the current thread holds it.</summary>
    public bool IsHeldByCurrentThread => _lock.IsHeldByCurrentThread;

    /// <summary>Acquires it until the result is disposed of, by the same thread.</summary>
    /// <exception cref="InvalidOperationException">It holds a lock that comes after this one (DEBUG only).</exception>
    public Scope EnterScope()
    {
#if DEBUG
        Enter();
        return new Scope(this);
#else
        return new Scope(_lock.EnterScope());
#endif
    }

    /// <summary>Acquires it until <see cref="Exit"/>.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="EnterScope"/>.</exception>
    public void Enter()
    {
#if DEBUG
        HeldLocks.Add(this, rank, order);
        if (ThreadControl.Current is { } control)
        {
            control.Enter(this, _lock.TryEnter);
            return;
        }
#endif
        _lock.Enter();
    }

    /// <summary>Acquires it until <see cref="Exit"/>, if no thread holds it.</summary>
    /// <returns>False when one does.</returns>
    /// <exception cref="InvalidOperationException">As for <see cref="EnterScope"/>.</exception>
    public bool TryEnter()
    {
        HeldLocks.Add(this, rank, order);
        if (_lock.TryEnter()) return true;
        HeldLocks.Remove(this);
        return false;
    }

    /// <summary>Releases it.</summary>
    public void Exit()
    {
        _lock.Exit();
#if DEBUG
        HeldLocks.Remove(this);
        ThreadControl.Current?.Left(this);
#endif
    }

    /// <summary>Holds the lock.</summary>
    public readonly ref struct Scope : IDisposable
    {
#if DEBUG
        private readonly RankedLock _owner;

        internal Scope(RankedLock owner) => _owner = owner;

        /// <inheritdoc/>
        public void Dispose() => _owner.Exit();
#else
        private readonly Lock.Scope _scope;

        internal Scope(Lock.Scope scope) => _scope = scope;

        /// <inheritdoc/>
        public void Dispose() => _scope.Dispose();
#endif
    }
}
