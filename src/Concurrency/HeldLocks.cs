// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics;

namespace Concurrency;

/// <summary>
/// The ranked locks that the current thread holds. A thread acquires locks in the order of their ranks, and locks of
/// one rank in the order of their order keys, so that threads cannot wait for each other in a circle.
/// </summary>
/// <remarks>Checked where the constant DEBUG is defined; otherwise calls are removed by the compiler.</remarks>
internal static class HeldLocks
{
    [ThreadStatic]
    private static List<Held>? t_held;

    /// <summary>Called with the message of each violation, before it is thrown: an engine that stops on an exception
    /// may hide it. Tests subscribe.</summary>
    internal static event Action<string>? Violated;

    /// <summary>Checks that the current thread may acquire a lock now, and counts the lock as held.</summary>
    /// <param name="target">The lock.</param>
    /// <param name="rank">Its rank.</param>
    /// <param name="order">Its order key; null for a lock that is never held together with another of its rank.</param>
    /// <exception cref="InvalidOperationException">The thread holds a lock of a higher rank, or one of the same rank
    /// that does not come before this one.</exception>
    [Conditional("DEBUG")]
    internal static void Add(object target, LockRank rank, long? order)
    {
        List<Held> all = t_held ??= [];
        foreach (Held held in all)
        {
            if (held.Rank.Number < rank.Number || (held.Rank.Number == rank.Number && held.Order < order)) continue;
            string message = Describe(rank, order) + " is acquired by a thread that holds "
                + Describe(held.Rank, held.Order);
            Violated?.Invoke(message);
            throw new InvalidOperationException(message);
        }
        all.Add(new Held(target, rank, order));
    }

    /// <summary>Counts a lock as released.</summary>
    /// <exception cref="InvalidOperationException">The current thread does not hold it.</exception>
    [Conditional("DEBUG")]
    internal static void Remove(object target)
    {
        List<Held> all = t_held ??= [];
        int at = all.Count - 1;
        while (at >= 0 && all[at].Target != target) at--;       // a delegate would allocate memory for each lock
        if (at < 0) throw new InvalidOperationException("a lock is released by a thread that does not hold it");
        all.RemoveAt(at);
    }

    private static string Describe(LockRank rank, long? order) =>
        order is null ? $"the lock of {rank}" : $"lock {order} of {rank}";

    private readonly record struct Held(object Target, LockRank Rank, long? Order);
}
