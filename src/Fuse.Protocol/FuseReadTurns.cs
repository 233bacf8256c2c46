// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;

namespace Fuse.Protocol;

/// <summary>
/// Decides which worker receives the next request (leader and followers): sequential requests are served by one thread
/// that stays awake, simultaneous or long ones by several.
/// </summary>
/// <remarks>
/// Waking a thread on a sleeping processor costs 30 to 200 microseconds on a virtual machine, many times the time of a
/// request for cached metadata. Hence, while requests arrive in quick succession, the worker that has replied to one
/// polls for the next without sleeping (spinning) and serves it itself, and no other worker polls meanwhile. It calls
/// another worker to take its place before a request that may take long, when requests queue up, and when they are not
/// in quick succession; a timer does so when the worker is stuck nevertheless. A worker without a request sleeps in its
/// channel if no other worker does, and is parked otherwise. Lock: a leaf, held for moments. Spinning stops where it
/// does not pay: when requests are too rare, and when other threads need the processor.
/// </remarks>
internal sealed class FuseReadTurns : IDisposable
{
    // A request that takes this long justifies the cost of waking another worker.
    private static readonly TimeSpan s_long = TimeSpan.FromMicroseconds(200);

    // Each tick wakes two threads of the runtime, which spin before they sleep again, so ticks are rare. They are for
    // requests that are usually short.
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(50);
    private const int IdleTicksMax = 20;
    private const int PausesAtOnce = 4;
    private const int CreditMax = 16;
    private const int CloseRequestsMin = 8, CloseRequestsMax = 128;
    private const int QueuedRequests = 4;
    private const int PauseShift = 3;               // a pause shrinks by an eighth for each request found by spinning

    private readonly TimeProvider _time;
    private readonly IScheduler _scheduler;
    private readonly RankedLock _workersLock = new(LockRank.FuseReadTurns);
    private readonly Stack<FuseWorker> _parked = new();
    private readonly bool _maySpin;
    private readonly FuseSpinTimes _times;
    private readonly long _longTicks;
    private ITimer? _timer;
    private int _looking;
    private int _sleeping;
    private long _lastAnswered;
    private long _taken, _takenAtTick;
    private int _idleTicks;
    private bool _isWatched;
    private volatile bool _isStopping;

    // Estimates: unsynchronized updates by several workers are harmless.
    private int _credit;
    private int _close, _closeNeeded = CloseRequestsMin;
    private int _queued;
    private readonly bool[] _wasLong = new bool[(int)FuseDuration.Long + 1];        // the last request of each duration

    /// <summary>A scheduler for workers that call <see cref="Take"/>.</summary>
    /// <param name="maySpin">False on a single processor, which the calling processes need.</param>
    /// <param name="time">Clock and timers.</param>
    /// <param name="scheduler">Lets a worker spin; null for the system's.</param>
    public FuseReadTurns(bool maySpin, TimeProvider time, IScheduler? scheduler = null)
    {
        _scheduler = scheduler ?? SystemScheduler.Instance;
        _time = time;
        _maySpin = maySpin;
        _times = new FuseSpinTimes(time, PauseShift);
        _longTicks = _times.ToTicks(s_long);
    }

    /// <summary>
    /// Waits for the next request for this worker, and copies it into the worker's buffer.
    /// </summary>
    /// <returns>Its length, or a negative error number as of <see cref="IFuseChannel"/>; -EINTR when the session
    /// stops.</returns>
    public int Take(FuseWorker worker)
    {
        while (true)
        {
            int got = BeginLooking(worker) ? Look(worker) : -FuseErrno.EINTR;
            if (got == -FuseErrno.EAGAIN) got = Sleep(worker);
            if (got == -FuseErrno.EAGAIN) continue;
            if (got < 0) return got;
            worker.TakenAt = _time.GetTimestamp();
            Volatile.Write(ref _taken, _taken + 1);
            return got;
        }
    }

    /// <summary>True when a request is expected to take so long that another worker should be called first.</summary>
    public bool TakesLong(FuseDuration duration) =>
        duration == FuseDuration.Long || (duration != FuseDuration.Short && Volatile.Read(ref _wasLong[(int)duration]));

    /// <summary>Calls another worker to receive requests, if serving this one would make others wait.</summary>
    /// <param name="isLong">True when the request is expected to take long.</param>
    public void BeforeServing(bool isLong)
    {
        if (!isLong && Volatile.Read(ref _isWatched) && _queued < QueuedRequests) return;
        _queued = 0;
        CallAnother();
    }

    /// <summary>Records the reply of a worker to its request.</summary>
    public void Answered(FuseWorker worker, FuseDuration duration)
    {
        long now = _time.GetTimestamp();
        worker.IsAwake = true;
        Volatile.Write(ref _lastAnswered, now);
        Volatile.Write(ref _wasLong[(int)duration], now - worker.TakenAt >= _longTicks);
    }

    /// <summary>Ends waiting: every parked <see cref="Take"/> returns -EINTR. The caller must wake workers that sleep
    /// in their channels.</summary>
    public void Stop()
    {
        using (_workersLock.EnterScope())
        {
            _isStopping = true;
            while (_parked.TryPop(out FuseWorker? parked)) parked.Call();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    // Only one worker polls at a time, and workers that were called.
    private bool BeginLooking(FuseWorker worker)
    {
        using (_workersLock.EnterScope())
        {
            if (_isStopping) return false;
            if (_looking == 0 || worker.WasCalled)
            {
                worker.WasCalled = false;
                _looking++;
                return true;
            }
            _parked.Push(worker);
        }
        return Park(worker);
    }

    private bool Park(FuseWorker worker)
    {
        worker.AwaitCall();
        using (_workersLock.EnterScope())
        {
            if (_isStopping) return false;
            _looking++;
            return true;
        }
    }

    private int Look(FuseWorker worker)
    {
        int got = worker.Channel.TryReceive(worker.RequestBuffer);
        if (got >= 0) _queued++;
        else if (got == -FuseErrno.EAGAIN && worker.IsAwake && _credit > 0) got = Spin(worker);
        if (got == -FuseErrno.EAGAIN) return got;
        using (_workersLock.EnterScope()) _looking--;
        return got;
    }

    private int Spin(FuseWorker worker)
    {
        _queued = 0;
        long last = _time.GetTimestamp();
        long end = last + _times.Spin;
        while (last < end && !_isStopping)
        {
            _scheduler.Spin(PausesAtOnce);
            int got = worker.Channel.TryReceive(worker.RequestBuffer);
            if (got != -FuseErrno.EAGAIN)
            {
                GainCredit();
                return got;
            }
            long now = _time.GetTimestamp();
            if (now - last > _times.Preempted)
            {
                _credit = 0;
                _times.Pause(now);
                return -FuseErrno.EAGAIN;
            }
            last = now;
        }
        if (--_credit > 0) return -FuseErrno.EAGAIN;
        _credit = 0;
        _closeNeeded = Math.Min(_closeNeeded * 2, CloseRequestsMax);
        return -FuseErrno.EAGAIN;
    }

    private void GainCredit()
    {
        if (_credit < CreditMax && ++_credit < CreditMax) return;
        _closeNeeded = CloseRequestsMin;
        _times.Shrink();
    }

    /// <summary>Sleeps in the channel until there is a request, or parks if another worker sleeps or polls.</summary>
    private int Sleep(FuseWorker worker)
    {
        worker.IsAwake = false;
        bool isLast;
        using (_workersLock.EnterScope())
        {
            _looking--;
            if (_isStopping) return -FuseErrno.EINTR;
            isLast = _sleeping + _looking == 0;
            if (isLast) _sleeping++;
            else _parked.Push(worker);
        }
        if (!isLast)
        {
            worker.AwaitCall();
            worker.WasCalled = true;
            return -FuseErrno.EAGAIN;
        }
        int error = worker.Channel.WaitForRequest();
        using (_workersLock.EnterScope()) _sleeping--;
        if (error != FuseErrno.None) return -error;
        int got = worker.Channel.TryReceive(worker.RequestBuffer);
        if (got >= 0) NoteDistance();
        return got;
    }

    private void NoteDistance()
    {
        _queued = 0;
        long now = _time.GetTimestamp();
        long distance = now - Volatile.Read(ref _lastAnswered);
        _close = distance <= _times.Close ? _close + 1 : 0;
        if (_close < _closeNeeded) return;
        _close = 0;
        Watch();
        if (_maySpin && !_times.IsPaused(now)) _credit = Math.Max(_credit, CreditMax / 2);
    }

    /// <summary>Calls another worker to receive requests, unless one sleeps or polls already.</summary>
    public void CallAnother()
    {
        FuseWorker? called;
        using (_workersLock.EnterScope())
        {
            if (_looking + _sleeping > 0 || !_parked.TryPop(out called)) return;
        }
        called.Call();
    }

    private void Watch()
    {
        using (_workersLock.EnterScope())
        {
            _idleTicks = 0;
            if (_isWatched || _isStopping) return;
            _timer ??= _time.CreateTimer(static turns => ((FuseReadTurns)turns!).Tick(), this,
                Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _ = _timer.Change(s_tick, s_tick);
            Volatile.Write(ref _isWatched, true);
        }
    }

    // A request in progress since the last tick may take long: another worker polls from now on.
    private void Tick()
    {
        long taken = Volatile.Read(ref _taken);
        bool isStill = taken == _takenAtTick;
        _takenAtTick = taken;
        using (_workersLock.EnterScope())
        {
            _idleTicks = isStill && _sleeping > 0 ? _idleTicks + 1 : 0;
            if (_idleTicks >= IdleTicksMax)
            {
                Volatile.Write(ref _isWatched, false);
                _ = _timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
        if (isStill) CallAnother();
    }
}
