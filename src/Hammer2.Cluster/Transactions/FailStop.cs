// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Whether a PFS still takes changes, and the one place that catches exceptions of the code that makes them durable:
/// commits, nodes' parts of them, write-back and timers. An exception there means that an invariant is broken, so
/// that nothing in memory may reach the media any more: the PFS stops, with a reason, and is still read.
/// </summary>
/// <remarks>Stops once and for good. Thread-safe, without a lock.</remarks>
internal sealed class FailStop
{
    private readonly ILogger _logger;
    private readonly string _label;
    private int _reason;

    public FailStop(ILogger logger, string label)
    {
        _logger = logger;
        _label = label;
    }

    /// <summary>The PFS, for the log.</summary>
    public string Label => _label;

    /// <summary>True once nothing more is accepted or written.</summary>
    public bool IsStopped => Reason != Hammer2Error.None;

    /// <summary>What stopped it first; None while it is not.</summary>
    public Hammer2Error Reason => (Hammer2Error)Volatile.Read(ref _reason);

    /// <summary>Stops because too few nodes can be written.</summary>
    /// <param name="error">What the nodes met.</param>
    /// <param name="synced">How many can be written.</param>
    /// <param name="quorum">How many have to be.</param>
    public void Stop(Hammer2Error error, int synced, int quorum)
    {
        if (TryStop(error)) MountLog.Stopped(_logger, _label, error, synced, quorum);
    }

    /// <summary>Stops because an invariant is broken.</summary>
    /// <param name="work">What was being done.</param>
    /// <param name="failure">What was thrown; null when that is told elsewhere.</param>
    public void Stop(string work, Exception? failure)
    {
        if (TryStop(Hammer2Error.Internal)) MountLog.StoppedByException(_logger, _label, work, failure);
    }

    /// <summary>Does something, and stops when it throws.</summary>
    /// <param name="work">What it is, for the log.</param>
    /// <param name="state">Handed to <paramref name="body"/>, which then needs no closure.</param>
    /// <param name="body">What is done.</param>
    /// <returns>What it answers; Internal when it threw.</returns>
    public Hammer2Error Run<TState>(string work, TState state, Func<TState, Hammer2Error> body)
    {
        try
        {
            return body(state);
        }
        catch (Exception failure)
        {
            Stop(work, failure);
            return Hammer2Error.Internal;
        }
    }

    // The reason is there before anybody can see that it stopped.
    private bool TryStop(Hammer2Error error)
    {
        Invariant.Holds(error != Hammer2Error.None);
        return Interlocked.CompareExchange(ref _reason, (int)error, (int)Hammer2Error.None) == (int)Hammer2Error.None;
    }
}
