// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;

namespace Fuse.Protocol;

/// <summary>
/// Requests that the filesystem cannot serve now and will be able to serve later: kept as bytes, without a thread,
/// until it says so. Their callers wait; an interrupt ends that.
/// </summary>
/// <remarks>Thread-safe. Lock: a leaf, held for moments. What is left at the end of the session gets no reply: the
/// kernel has ended these requests then.</remarks>
internal sealed class FuseStalledRequests
{
    private readonly RankedLock _waitingLock = new(LockRank.FuseStalledRequests);
    private readonly Func<bool> _isStalled;
    private readonly Action<byte[], IFuseSender> _serve;
    private readonly IScheduler _scheduler;
    private Dictionary<ulong, (byte[] Message, IFuseSender Channel)> _waiting = [];
    private IStartedThread? _thread;
    private bool _isServing;
    private bool _isClosed;

    /// <param name="isStalled">True while requests are to be kept.</param>
    /// <param name="serve">Serves one request that was kept.</param>
    /// <param name="scheduler">Starts the thread that serves them.</param>
    public FuseStalledRequests(Func<bool> isStalled, Action<byte[], IFuseSender> serve, IScheduler scheduler)
    {
        _isStalled = isStalled;
        _serve = serve;
        _scheduler = scheduler;
    }

    /// <summary>Requests that wait.</summary>
    public int Count
    {
        get
        {
            using (_waitingLock.EnterScope()) return _waiting.Count;
        }
    }

    /// <summary>Keeps a request.</summary>
    /// <param name="unique">What identifies it.</param>
    /// <param name="message">Its bytes, which are copied.</param>
    /// <param name="channel">The channel that received it.</param>
    public void Keep(ulong unique, ReadOnlySpan<byte> message, IFuseSender channel)
    {
        byte[] copy = message.ToArray();
        using (_waitingLock.EnterScope()) _waiting[unique] = (copy, channel);
        // It may have become possible before the request was among those that wait.
        if (!_isStalled()) ServeAll();
    }

    /// <summary>Takes a request out, which the caller answers.</summary>
    /// <returns>The channel that received it; null when it does not wait.</returns>
    public IFuseSender? Take(ulong unique)
    {
        using (_waitingLock.EnterScope())
            return _waiting.Remove(unique, out (byte[] Message, IFuseSender Channel) found) ? found.Channel : null;
    }

    /// <summary>Serves all that wait, on a thread of its own; one that cannot be served after all is kept again.
    /// </summary>
    public void ServeAll()
    {
        using (_waitingLock.EnterScope())
        {
            if (_isServing || _isClosed || _waiting.Count == 0) return;
            _isServing = true;
        }
        // The one before has ended, or is about to.
        _thread?.Join();
        _thread = _scheduler.Start("fuse-stalled", Run);
    }

    /// <summary>Serves nothing any more, and waits for the request that is being served.</summary>
    public void Close()
    {
        using (_waitingLock.EnterScope()) _isClosed = true;
        _thread?.Join();
    }

    private void Run()
    {
        while (true)
        {
            Dictionary<ulong, (byte[] Message, IFuseSender Channel)> now;
            using (_waitingLock.EnterScope())
            {
                if (_isClosed || _waiting.Count == 0 || _isStalled())
                {
                    _isServing = false;
                    return;
                }
                (now, _waiting) = (_waiting, []);
            }
            foreach ((byte[] message, IFuseSender channel) in now.Values) _serve(message, channel);
        }
    }
}
