// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Concurrency;

/// <summary>A ranked lock that several threads hold shared or one holds exclusively.</summary>
/// <remarks>Not recursive: a thread that has it shared must not acquire it again. Ranks are checked where DEBUG is
/// defined, in the same way for both modes.</remarks>
/// <param name="rank">What it guards, and its rank.</param>
/// <param name="order">Orders locks of one rank that are held together: they are acquired with ascending keys.</param>
public sealed class RankedReaderWriterLock(LockRank rank, long? order = null) : IDisposable
{
    private readonly ReaderWriterLockSlim _lock = new(LockRecursionPolicy.NoRecursion);

    /// <summary>What it guards, and its rank.</summary>
    public LockRank Rank => rank;

    /// <summary>Orders locks of one rank; null when it is never held together with another of its rank.</summary>
    public long? Order => order;

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    /// <summary>Acquires it shared.</summary>
    /// <exception cref="InvalidOperationException">It holds a lock that comes after this one (DEBUG only).</exception>
    public void EnterShared()
    {
#if DEBUG
        HeldLocks.Add(this, rank, order);
        if (ThreadControl.Current is { } control)
        {
            control.Enter(this, () => _lock.TryEnterReadLock(0));
            return;
        }
#endif
        _lock.EnterReadLock();
    }

    /// <summary>Releases what <see cref="EnterShared"/> acquired.</summary>
    public void ExitShared()
    {
        _lock.ExitReadLock();
        Left();
    }

    /// <summary>Acquires it exclusively.</summary>
    /// <exception cref="InvalidOperationException">As for <see cref="EnterShared"/>.</exception>
    public void EnterExclusive()
    {
#if DEBUG
        HeldLocks.Add(this, rank, order);
        if (ThreadControl.Current is { } control)
        {
            control.Enter(this, () => _lock.TryEnterWriteLock(0));
            return;
        }
#endif
        _lock.EnterWriteLock();
    }

    /// <summary>Releases what <see cref="EnterExclusive"/> acquired.</summary>
    public void ExitExclusive()
    {
        _lock.ExitWriteLock();
        Left();
    }

    [System.Diagnostics.Conditional("DEBUG")]
    private void Left()
    {
        HeldLocks.Remove(this);
        ThreadControl.Current?.Left(this);
    }
}
