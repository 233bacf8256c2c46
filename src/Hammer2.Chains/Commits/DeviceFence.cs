// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>
/// Whether a device may still be written. After a write that failed, what is on the device is unknown, so that
/// nothing is written to it again, by any PFS, until it is opened anew. It may be read as before.
/// </summary>
/// <remarks>Closes once and for good. Every write, discard and barrier is between <see cref="TryBeginWrite"/> and
/// <see cref="EndWrite"/>, so that it is known when the last one has returned. Thread-safe, without a lock.</remarks>
public sealed class DeviceFence
{
    private int _error;
    private int _writers;

    /// <summary>True once nothing is written to the device any more.</summary>
    public bool IsFenced => Error != Hammer2Error.None;

    /// <summary>The first error that fenced the device; None while it may be written.</summary>
    public Hammer2Error Error => (Hammer2Error)Volatile.Read(ref _error);

    /// <summary>True while a call is under way that may change the device. Once the device is fenced and this is false,
    /// nothing changes it any more.</summary>
    public bool HasWriters => Volatile.Read(ref _writers) != 0;

    /// <summary>Fences the device. Later errors are not kept.</summary>
    /// <param name="error">Why; not None.</param>
    public void Fence(Hammer2Error error)
    {
        Invariant.Holds(error != Hammer2Error.None);
        _ = Interlocked.CompareExchange(ref _error, (int)error, (int)Hammer2Error.None);
    }

    /// <summary>Begins something that changes the device; <see cref="EndWrite"/> must follow.</summary>
    /// <returns>False when the device is fenced: nothing is begun.</returns>
    internal bool TryBeginWrite()
    {
        _ = Interlocked.Increment(ref _writers);
        if (!IsFenced) return true;
        EndWrite();
        return false;
    }

    /// <summary>Ends it.</summary>
    internal void EndWrite() => _ = Interlocked.Decrement(ref _writers);

    /// <summary>Passes the result of a write on, and fences the device when it failed.</summary>
    /// <returns>The same result.</returns>
    internal Hammer2Error Judge(Hammer2Error error)
    {
        if (error != Hammer2Error.None) Fence(error);
        return error;
    }

    /// <summary>Writes something that must be written as a whole: an error or an exception on the way fences the
    /// device.</summary>
    /// <param name="state">Handed to <paramref name="body"/>, which then needs no closure.</param>
    /// <param name="body">What is done.</param>
    /// <returns>The error that fenced the device before; what the body answers.</returns>
    internal Hammer2Error Run<TState>(TState state, Func<TState, Hammer2Error> body)
    {
        if (!TryBeginWrite()) return Error;
        try
        {
            return Judge(FenceOnException(state, body));
        }
        finally
        {
            EndWrite();
        }
    }

    /// <summary>Does something whose half would leave the state in memory in doubt: an exception fences the
    /// device.</summary>
    /// <returns>What the body answers.</returns>
    internal Hammer2Error FenceOnException<TState>(TState state, Func<TState, Hammer2Error> body)
    {
        bool isDone = false;
        try
        {
            Hammer2Error error = body(state);
            isDone = true;
            return error;
        }
        finally
        {
            if (!isDone) Fence(Hammer2Error.Internal);
        }
    }
}
