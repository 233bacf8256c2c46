// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Concurrency;
using Hammer2.Testing;

namespace Hammer2.Tests.Concurrency;

/// <summary>
/// Runs threads one at a time, in an order drawn from a seed: at each lock, wait, pulse and start, a drawn thread
/// continues. Reports deadlocks, lost wake-ups among them, and exceptions of any thread, with the seed.
/// </summary>
/// <remarks>
/// A wait with a time-out ends by it when no other thread can run, and sometimes before. Between two switch points a
/// thread is not interrupted, so that races of interlocked operations without a lock are not explored. Threads of a run
/// that failed stay where they are.
/// </remarks>
internal sealed class SeededScheduler : IScheduler
{
    private const int StepsMax = 100_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly SeededRandom _random;
    private readonly List<Controlled> _threads = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private Controlled? _running;
    private int _steps;

    private SeededScheduler(ulong seed) => _random = new SeededRandom(seed);

    /// <summary>Runs a test once for each of some seeds, or for the one that HAMMER2_SEED gives.</summary>
    /// <param name="seeds">How many.</param>
    /// <param name="test">Runs on the first thread; all others that it started must have ended when it returns.</param>
    public static void Explore(int seeds, Action<IScheduler> test)
    {
        foreach (ulong seed in SeededRandom.Seeds(seeds))
        {
            if (Run(seed, test) is { } failure)
                throw new InvalidOperationException($"HAMMER2_SEED={seed}: {failure.Message}", failure);
        }
    }

    /// <summary>Runs a test with one seed.</summary>
    /// <returns>What failed; null for nothing.</returns>
    public static Exception? Run(ulong seed, Action<IScheduler> test)
    {
        var scheduler = new SeededScheduler(seed);
        Controlled main = scheduler.Add("main", () => test(scheduler));
        scheduler._running = main;
        main.Turn.Release();
        return scheduler._ended.Task.Wait(s_patience)
            ? scheduler._failure
            : new TimeoutException("a thread waits outside of the scheduler");
    }

    /// <inheritdoc/>
    public IStartedThread Start(string name, Action body)
    {
        Controlled thread = Add(name, body);
        Switch();
        return thread;
    }

    /// <inheritdoc/>
    public void Queue(Action body) => _ = Start("queued", body);

    /// <inheritdoc/>
    public void Pause(TimeSpan duration) => Switch();

    /// <inheritdoc/>
    public void Spin(int iterations) => Switch();

    private Controlled Add(string name, Action body)
    {
        var added = new Controlled(this, $"{name} ({_threads.Count})");
        _threads.Add(added);
        var thread = new Thread(() => Run(added, body)) { IsBackground = true };
        thread.Start();
        return added;
    }

    private void Run(Controlled thread, Action body)
    {
        thread.Turn.Wait();
        ThreadControl.Current = thread;
        try
        {
            body();
        }
        catch (Exception failure)
        {
            Fail(failure);
            return;
        }
        thread.State = ThreadState.Ended;
        foreach (Controlled other in _threads)
            if (other.State == ThreadState.Blocked && other.Target == thread) other.State = ThreadState.Ready;
        if (_threads.All(other => other.State == ThreadState.Ended)) _ = _ended.TrySetResult();
        else if (Next() is { } next) Continue(next);
    }

    private void Fail(Exception failure)
    {
        _failure ??= failure;
        _ = _ended.TrySetResult();
    }

    // Lets a drawn thread continue; returns when this one is drawn.
    private void Switch()
    {
        Controlled self = _running!;
        Controlled? next = Next();
        if (next == self) return;
        if (next is not null) Continue(next);
        self.Turn.Wait();
    }

    private void Continue(Controlled next)
    {
        _running = next;
        next.Turn.Release();
    }

    private Controlled? Next()
    {
        if (++_steps > StepsMax) return FailAll("the threads run without end");
        Controlled[] ready = [.. _threads.Where(thread => thread.State == ThreadState.Ready)];
        Controlled[] timed = [.. _threads.Where(thread => thread.State == ThreadState.WaitingForTime)];
        bool endsWait = timed.Length > 0 && (ready.Length == 0 || _random.OneIn(20));
        Controlled[] candidates = endsWait ? timed : ready;
        if (candidates.Length == 0) return FailAll("deadlock");
        Controlled next = candidates[_random.Below(candidates.Length)];
        next.State = ThreadState.Ready;
        return next;
    }

    private Controlled? FailAll(string reason)
    {
        IEnumerable<string> states = _threads.Where(thread => thread.State != ThreadState.Ended)
            .Select(thread => $"{thread.Name}: {thread.State} {thread.Target}");
        Fail(new InvalidOperationException($"{reason}; {string.Join("; ", states)}"));
        return null;
    }

    private enum ThreadState
    {
        Ready,
        Blocked,
        Waiting,
        WaitingForTime,
        Ended,
    }

    private sealed class Controlled(SeededScheduler scheduler, string name) : ThreadControl, IStartedThread
    {
        private bool _isPulsed;
        private int _waitsSince;

        public string Name => name;

        public SemaphoreSlim Turn { get; } = new(0);

        public ThreadState State { get; set; }

        public object? Target { get; private set; }

        public void Join() => Current!.Enter(this, () => State == ThreadState.Ended);

        internal override void Enter(object target, Func<bool> tryEnter)
        {
            scheduler.Switch();
            Acquire(target, tryEnter);
        }

        internal override void Left(object target)
        {
            Wake(target);
            scheduler.Switch();
        }

        internal override bool Wait(object target, Action exit, Func<bool> tryEnter, TimeSpan timeout)
        {
            exit();
            Wake(target);
            _isPulsed = false;
            _waitsSince = scheduler._steps;
            Target = target;
            State = timeout == Timeout.InfiniteTimeSpan ? ThreadState.Waiting : ThreadState.WaitingForTime;
            scheduler.Switch();
            Acquire(target, tryEnter);
            return _isPulsed;
        }

        // The longest waiter first, as in the runtime.
        internal override void Pulse(object target, bool isAll)
        {
            foreach (Controlled waiter in scheduler._threads
                .Where(thread => thread.IsWaitingFor(target)).OrderBy(thread => thread._waitsSince).ToArray())
            {
                waiter._isPulsed = true;
                waiter.State = ThreadState.Ready;
                if (!isAll) return;
            }
        }

        private bool IsWaitingFor(object target) =>
            State is ThreadState.Waiting or ThreadState.WaitingForTime && Target == target;

        private void Acquire(object target, Func<bool> tryEnter)
        {
            while (!tryEnter())
            {
                Target = target;
                State = ThreadState.Blocked;
                scheduler.Switch();
            }
        }

        private void Wake(object target)
        {
            foreach (Controlled thread in scheduler._threads)
                if (thread.State == ThreadState.Blocked && thread.Target == target) thread.State = ThreadState.Ready;
        }
    }
}
