// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;

namespace Fuse.Protocol;

/// <summary>
/// Lets the thread of a queue poll for the next request on another processor while a single program makes requests in
/// quick succession.
/// </summary>
/// <remarks>
/// A thread that replies on the processor of its caller keeps that processor busy, so that Linux wakes the caller on an
/// idle one, where the next request goes to another queue: with every request the caller changes processors, which
/// takes several times as long as the request. Requests that alternate between queues show that. The thread then moves
/// to another processor and does not sleep, so that the caller stays where it is. It goes back when the queue has no
/// request for a while, when another queue has one, and when it is preempted; after the latter two it is not tried
/// again for a while. Thread-safe: the estimates may miss a request.
/// </remarks>
internal sealed class FuseQueueSpinning
{
    private const int HopsNeeded = 12;
    private const int ServingMax = 2;               // RELEASE is in progress beside the next request of a program
    private const int PausesAtOnce = 4;
    private const int PauseShift = 6;               // a pause shrinks by a 64th for each request found by spinning
    private const int None = -1;

    private readonly TimeProvider _time;
    private readonly IScheduler _scheduler;
    private readonly bool _maySpin;
    private readonly FuseSpinTimes _times;
    private int _serving;
    private int _spinner = None;                    // the thread that spins
    private int _lastQueue = None;
    private int _hops;
    private int _spinnerQueue = None;
    private volatile bool _mustLeave;
    private long _lastAnswered;

    /// <param name="maySpin">False on a single processor, which the calling programs need.</param>
    /// <param name="time">The clock.</param>
    /// <param name="scheduler">Lets a thread spin.</param>
    public FuseQueueSpinning(bool maySpin, TimeProvider time, IScheduler scheduler)
    {
        _maySpin = maySpin;
        _time = time;
        _scheduler = scheduler;
        _times = new FuseSpinTimes(time, PauseShift);
    }

    /// <summary>Passes on the reply of a thread and waits for its next request, spinning if it is its turn.</summary>
    /// <returns>As <see cref="IFuseQueueEntry.Exchange"/>.</returns>
    public int Exchange(int thread, IFuseQueueEntry entry)
    {
        if (Volatile.Read(ref _spinner) != thread) return entry.Exchange();
        int got = Spin(entry, out bool wasDisturbed);
        if (got == FuseErrno.None && !wasDisturbed) return got;
        if (wasDisturbed) _times.Pause(_time.GetTimestamp());
        entry.RunAtQueue();
        Volatile.Write(ref _spinner, None);
        return got == -FuseErrno.EAGAIN ? entry.Exchange() : got;
    }

    /// <summary>A thread received a request of a queue; <see cref="Answered"/> follows.</summary>
    public void Received(int thread, int queue, IFuseQueueEntry entry)
    {
        int serving = Interlocked.Increment(ref _serving);
        if (!_maySpin) return;
        if (Volatile.Read(ref _spinner) != None)
        {
            if (queue != _spinnerQueue || serving > ServingMax) _mustLeave = true;
            return;
        }
        long now = _time.GetTimestamp();
        bool isHop = serving <= ServingMax && _lastQueue != queue
            && now - Volatile.Read(ref _lastAnswered) < _times.Close;
        _hops = isHop ? _hops + 2 : Math.Max(0, _hops - 1);
        if (_hops < HopsNeeded || _times.IsPaused(now)) return;
        _hops = 0;
        if (Interlocked.CompareExchange(ref _spinner, thread, None) != None) return;
        _spinnerQueue = queue;
        _mustLeave = !entry.TryRunElsewhere();
    }

    /// <summary>The request was served.</summary>
    public void Answered(int queue)
    {
        _lastQueue = queue;
        if (_maySpin) Volatile.Write(ref _lastAnswered, _time.GetTimestamp());
        _ = Interlocked.Decrement(ref _serving);
    }

    private int Spin(IFuseQueueEntry entry, out bool wasDisturbed)
    {
        long last = _time.GetTimestamp();
        long start = last;
        wasDisturbed = false;
        int got = entry.TryExchange();
        while (got == -FuseErrno.EAGAIN && !wasDisturbed
            && last < Math.Max(start, Volatile.Read(ref _lastAnswered)) + _times.Spin)
        {
            _scheduler.Spin(PausesAtOnce);
            got = entry.TryExchange();
            long now = _time.GetTimestamp();
            wasDisturbed = _mustLeave || now - last > _times.Preempted;
            last = now;
        }
        wasDisturbed |= _mustLeave;
        if (got == FuseErrno.None) _times.Shrink();
        return got;
    }
}
