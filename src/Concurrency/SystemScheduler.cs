// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Concurrency;

/// <summary>The threads of the runtime, which the kernel schedules.</summary>
public sealed class SystemScheduler : IScheduler
{
    private SystemScheduler()
    {
    }

    /// <summary>The only one.</summary>
    public static SystemScheduler Instance { get; } = new();

    /// <inheritdoc/>
    public IStartedThread Start(string name, Action body)
    {
        var thread = new Thread(() => body()) { Name = name, IsBackground = true };
        thread.Start();
        return new StartedThread(thread);
    }

    /// <inheritdoc/>
    public void Queue(Action body) =>
        _ = ThreadPool.UnsafeQueueUserWorkItem(static work => work(), body, preferLocal: false);

    /// <inheritdoc/>
    public void Pause(TimeSpan duration) => Thread.Sleep(duration);

    /// <inheritdoc/>
    public void Spin(int iterations) => Thread.SpinWait(iterations);

    private sealed class StartedThread(Thread thread) : IStartedThread
    {
        public void Join() => thread.Join();
    }
}
