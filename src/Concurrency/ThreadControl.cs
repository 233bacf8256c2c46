// SPDX-License-Identifier: BSD-3-Clause

namespace Concurrency;

/// <summary>
/// What a scheduler of tests does in place of the runtime where its threads meet: it runs one thread at a time, and
/// every lock is a point at which another may continue.
/// </summary>
/// <remarks>Used where DEBUG is defined. A lock must be used either by controlled threads or by others.</remarks>
internal abstract class ThreadControl
{
    [ThreadStatic]
    private static ThreadControl? t_current;

    /// <summary>The control of the current thread; null for a thread of the runtime.</summary>
    internal static ThreadControl? Current
    {
        get => t_current;
        set => t_current = value;
    }

    /// <summary>Returns once an attempt has succeeded. Between attempts other threads run.</summary>
    /// <param name="target">What is acquired.</param>
    /// <param name="tryEnter">Attempts it without waiting.</param>
    internal abstract void Enter(object target, Func<bool> tryEnter);

    /// <summary>Threads that could not enter may try again.</summary>
    internal abstract void Left(object target);

    /// <summary>Leaves, waits for a pulse or for the time to be over, and enters again.</summary>
    /// <returns>False when the time was over first.</returns>
    internal abstract bool Wait(object target, Action exit, Func<bool> tryEnter, TimeSpan timeout);

    /// <summary>Ends the wait of one thread, or of all that wait.</summary>
    internal abstract void Pulse(object target, bool isAll);
}
