// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Tells whether a PFS still accepts changes, and catches all exceptions of the code that makes them durable: commits,
/// their parts for nodes, write-back and timers. An exception there means that an invariant is broken, so that nothing
/// in memory may be written to media any more: the PFS stops, with a reason, and can still be read.
/// </summary>
/// <remarks>Stops once and permanently. Without a quorum, and where the policy says so, it stalls instead: nothing is
/// written until enough nodes have returned. Thread-safe, without a lock.</remarks>
internal sealed class FailStop
{
    private readonly ILogger _logger;
    private readonly string _label;
    private readonly QuorumPolicySetting _policy;
    private int _reason;
    private int _isStalled;
    private long _stallsTotal;

    public FailStop(ILogger logger, string label, QuorumPolicySetting policy)
    {
        _logger = logger;
        _label = label;
        _policy = policy;
    }

    /// <summary>True while nothing is written: stopped or stalled.</summary>
    public bool IsHalted => IsStopped || Volatile.Read(ref _isStalled) != 0;

    /// <summary>True while changes wait for nodes to return.</summary>
    public bool IsStalled => !IsStopped && Volatile.Read(ref _isStalled) != 0;

    /// <summary>How often it stalled so far.</summary>
    public long StallsTotal => Volatile.Read(ref _stallsTotal);

    /// <summary>What a change is answered while nothing is written.</summary>
    public Hammer2Error ChangeRefusal => IsStalled
        ? Hammer2Error.Stalled
        : Reason == Hammer2Error.Shutdown || _policy.Policy == QuorumPolicy.Error
            ? Hammer2Error.Io : Hammer2Error.ReadOnly;

    /// <summary>What a request to commit is answered while nothing is written.</summary>
    public Hammer2Error CommitRefusal => IsStalled ? Hammer2Error.Stalled : Hammer2Error.Io;

    /// <summary>True once no change is accepted or written any more.</summary>
    public bool IsStopped => Reason != Hammer2Error.None;

    /// <summary>The first error that stopped it; None while it is not stopped.</summary>
    public Hammer2Error Reason => (Hammer2Error)Volatile.Read(ref _reason);

    /// <summary>Stalls or stops, as the policy says, because too few nodes can be written.</summary>
    /// <param name="error">The errors of the nodes.</param>
    /// <param name="synced">Number of writable nodes.</param>
    /// <param name="quorum">Number of writable nodes needed.</param>
    /// <returns>Stalled, or the error.</returns>
    public Hammer2Error Halt(Hammer2Error error, int synced, int quorum)
    {
        if (!IsStopped && _policy.Policy == QuorumPolicy.Stall)
        {
            if (Interlocked.Exchange(ref _isStalled, 1) == 0)
            {
                _ = Interlocked.Increment(ref _stallsTotal);
                MountLog.Stalled(_logger, _label, error, synced, quorum);
            }
            // Another thread may have changed the policy, and found nothing stalled yet.
            if (_policy.Policy == QuorumPolicy.Stall) return Hammer2Error.Stalled;
        }
        Stop(error, synced, quorum);
        return error;
    }

    /// <summary>Ends a stall: enough nodes can be written again.</summary>
    public void Resume() => Volatile.Write(ref _isStalled, 0);

    /// <summary>Stops because too few nodes can be written.</summary>
    /// <param name="error">The errors of the nodes.</param>
    /// <param name="synced">Number of writable nodes.</param>
    /// <param name="quorum">Number of writable nodes needed.</param>
    public void Stop(Hammer2Error error, int synced, int quorum)
    {
        if (TryStop(error)) MountLog.Stopped(_logger, _label, error, synced, quorum);
    }

    /// <summary>Stops because a request asks for it.</summary>
    public void Shutdown()
    {
        if (TryStop(Hammer2Error.Shutdown)) MountLog.Shutdown(_logger, _label);
    }

    /// <summary>Stops because an invariant is broken.</summary>
    /// <param name="work">Name of the work, for the log.</param>
    /// <param name="failure">The exception; null when it is logged elsewhere.</param>
    public void Stop(string work, Exception? failure)
    {
        if (TryStop(Hammer2Error.Internal)) MountLog.StoppedByException(_logger, _label, work, failure);
    }

    /// <summary>Runs work, and stops the PFS when it throws.</summary>
    /// <param name="work">Name of the work, for the log.</param>
    /// <param name="state">Passed to <paramref name="body"/>, which then needs no closure.</param>
    /// <param name="body">The work.</param>
    /// <returns>Its result; Internal when it threw.</returns>
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

    // The reason is set before the flag, so that a thread that sees the flag can read the reason.
    private bool TryStop(Hammer2Error error)
    {
        Invariant.Holds(error != Hammer2Error.None);
        return Interlocked.CompareExchange(ref _reason, (int)error, (int)Hammer2Error.None) == (int)Hammer2Error.None;
    }
}
