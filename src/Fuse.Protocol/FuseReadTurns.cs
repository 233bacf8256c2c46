// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Fuse.Protocol;

/// <summary>
/// Says which worker looks for the next request, so that requests that come one after the other are served by
/// one thread that is awake, and those that come at once or take long by several: leader and followers.
/// </summary>
/// <remarks>
/// To wake a thread on a processor that sleeps costs 30 to 200 microseconds on a virtual machine, many times what a
/// request on cached metadata takes. Hence, while requests follow each other closely, the worker that has
/// answered one looks for the next without sleeping (spinning), serves it itself, and nobody else looks
/// meanwhile. It calls another worker to look in its place before a request that may take long, when requests queue
/// up, and when they do not follow closely; a timer does when it is stuck all the same. A worker that finds nothing
/// sleeps if nobody else does, and is parked otherwise.
/// Lock: a leaf, held for moments. Spinning is given up where it does not pay: where requests come too seldom,
/// and where other threads want the processor.
/// </remarks>
internal sealed class FuseReadTurns : IDisposable
{
    // A request that comes within this time is worth having looked for.
    private static readonly TimeSpan s_spin = TimeSpan.FromMicroseconds(100);

    // Requests are close if no more than this is between an answer and the next one, waking included.
    private static readonly TimeSpan s_close = TimeSpan.FromMicroseconds(250);

    // Waking another worker may cost as much as a request that takes this long.
    private static readonly TimeSpan s_long = TimeSpan.FromMicroseconds(200);

    // A spinning thread that misses so much time was put aside for another one that computes. It is worse off than
    // one that sleeps, which gets the processor as soon as it wakes: no more spinning for a while.
    private static readonly TimeSpan s_preempted = TimeSpan.FromMicroseconds(700);
    private static readonly TimeSpan s_pauseMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_pauseMax = TimeSpan.FromSeconds(2);

    // Each tick wakes two threads of the runtime, which spin before they sleep again: seldom, then. It is for requests
    // that are short as a rule.
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(50);
    private const int IdleTicksMax = 20;
    private const int PausesAtOnce = 4;
    private const int CreditMax = 16;
    private const int CloseRequestsMin = 8, CloseRequestsMax = 128;
    private const int QueuedRequests = 4;
    private const int PauseShift = 3;               // a pause shrinks by an eighth for each request that spinning found

    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Stack<FuseWorker> _parked = new();
    private readonly bool _maySpin;
    private readonly long _spinTicks, _closeTicks, _longTicks, _preemptedTicks, _pauseTicksMin, _pauseTicksMax;
    private ITimer? _timer;
    private int _looking;
    private int _sleeping;
    private long _lastAnswered;
    private long _taken, _takenAtTick;
    private int _idleTicks;
    private bool _isWatched;
    private volatile bool _isStopping;

    // Estimates: workers that overwrite each other's do no harm.
    private int _credit;
    private int _close, _closeNeeded = CloseRequestsMin;
    private int _queued;
    private readonly bool[] _wasLong = new bool[(int)FuseDuration.Long + 1];        // the last of each
    private long _pauseTicks, _pauseEnd;

    /// <summary>Prepares for workers that call <see cref="Take"/>.</summary>
    /// <param name="maySpin">False where those who ask need the only processor.</param>
    /// <param name="time">Clock and timers.</param>
    public FuseReadTurns(bool maySpin, TimeProvider time)
    {
        _time = time;
        _maySpin = maySpin;
        _spinTicks = ToTicks(s_spin);
        _closeTicks = ToTicks(s_close);
        _longTicks = ToTicks(s_long);
        _preemptedTicks = ToTicks(s_preempted);
        _pauseTicks = _pauseTicksMin = ToTicks(s_pauseMin);
        _pauseTicksMax = ToTicks(s_pauseMax);
    }

    /// <summary>
    /// Waits for the next request that this worker is to serve, and copies it into the worker's buffer.
    /// </summary>
    /// <returns>Its length, or a negative error number as <see cref="IFuseChannel"/> gives it; -EINTR when the
    /// session stops.</returns>
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

    /// <summary>Whether a request is expected to take so long that another worker should be called before it.</summary>
    public bool TakesLong(FuseDuration duration) =>
        duration == FuseDuration.Long || (duration != FuseDuration.Short && Volatile.Read(ref _wasLong[(int)duration]));

    /// <summary>Calls another worker to look for requests, where serving this one would keep others
    /// waiting.</summary>
    /// <param name="isLong">Whether the request that is about to be served is expected to take long.</param>
    public void BeforeServing(bool isLong)
    {
        if (!isLong && Volatile.Read(ref _isWatched) && _queued < QueuedRequests) return;
        _queued = 0;
        CallAnother();
    }

    /// <summary>A worker has answered the request that it took.</summary>
    public void Answered(FuseWorker worker, FuseDuration duration)
    {
        long now = _time.GetTimestamp();
        worker.IsAwake = true;
        Volatile.Write(ref _lastAnswered, now);
        Volatile.Write(ref _wasLong[(int)duration], now - worker.TakenAt >= _longTicks);
    }

    /// <summary>Ends waiting: every <see cref="Take"/> that is parked answers -EINTR. Those that sleep in their
    /// channels are woken by whoever stops the session.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopping = true;
            while (_parked.TryPop(out FuseWorker? parked)) parked.Call();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    // One looks at a time, and whoever was called.
    private bool BeginLooking(FuseWorker worker)
    {
        lock (_gate)
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
        lock (_gate)
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
        lock (_gate) _looking--;
        return got;
    }

    private int Spin(FuseWorker worker)
    {
        _queued = 0;
        long last = _time.GetTimestamp();
        long end = last + _spinTicks;
        while (last < end && !_isStopping)
        {
            Thread.SpinWait(PausesAtOnce);
            int got = worker.Channel.TryReceive(worker.RequestBuffer);
            if (got != -FuseErrno.EAGAIN)
            {
                GainCredit();
                return got;
            }
            long now = _time.GetTimestamp();
            if (now - last > _preemptedTicks) return Pause(now);
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
        _pauseTicks = Math.Max(_pauseTicks - (_pauseTicks >> PauseShift), _pauseTicksMin);
    }

    private int Pause(long now)
    {
        _credit = 0;
        Volatile.Write(ref _pauseEnd, now + _pauseTicks);
        _pauseTicks = Math.Min(_pauseTicks * 2, _pauseTicksMax);
        return -FuseErrno.EAGAIN;
    }

    /// <summary>Sleeps in the channel until there is a request, or parks if somebody else does or looks.</summary>
    private int Sleep(FuseWorker worker)
    {
        worker.IsAwake = false;
        bool isLast;
        lock (_gate)
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
        lock (_gate) _sleeping--;
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
        _close = distance <= _closeTicks ? _close + 1 : 0;
        if (_close < _closeNeeded) return;
        _close = 0;
        Watch();
        if (_maySpin && now >= Volatile.Read(ref _pauseEnd)) _credit = Math.Max(_credit, CreditMax / 2);
    }

    /// <summary>Calls another worker to look for requests, unless somebody does.</summary>
    public void CallAnother()
    {
        FuseWorker? called;
        lock (_gate)
        {
            if (_looking + _sleeping > 0 || !_parked.TryPop(out called)) return;
        }
        called.Call();
    }

    private void Watch()
    {
        lock (_gate)
        {
            _idleTicks = 0;
            if (_isWatched || _isStopping) return;
            _timer ??= _time.CreateTimer(static turns => ((FuseReadTurns)turns!).Tick(), this,
                Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _ = _timer.Change(s_tick, s_tick);
            Volatile.Write(ref _isWatched, true);
        }
    }

    // Whoever has been serving since the last tick may be at it for long: somebody else looks from now on.
    private void Tick()
    {
        long taken = Volatile.Read(ref _taken);
        bool isStill = taken == _takenAtTick;
        _takenAtTick = taken;
        lock (_gate)
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

    private long ToTicks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);
}
