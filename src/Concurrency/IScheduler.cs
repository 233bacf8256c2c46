// SPDX-License-Identifier: BSD-3-Clause

namespace Concurrency;

/// <summary>Starts threads and makes them wait. A test can pass one that decides which thread runs.</summary>
public interface IScheduler
{
    /// <summary>Starts a thread that does not keep the process alive.</summary>
    /// <param name="name">For debuggers, and for /proc/PID/task/TID/comm, which shows 15 bytes of it.</param>
    /// <param name="body">What it runs. An exception ends the process.</param>
    IStartedThread Start(string name, Action body);

    /// <summary>Runs something short on any thread, soon.</summary>
    /// <param name="body">What is run. An exception ends the process.</param>
    void Queue(Action body);

    /// <summary>Makes the current thread wait, where there is nothing that would tell when to continue.</summary>
    void Pause(TimeSpan duration);

    /// <summary>Makes the current thread wait for some processor cycles, between two polls.</summary>
    /// <param name="iterations">Pause instructions; each takes about 10 to 100 cycles.</param>
    void Spin(int iterations);
}
