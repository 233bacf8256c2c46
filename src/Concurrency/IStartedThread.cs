// SPDX-License-Identifier: BSD-3-Clause

namespace Concurrency;

/// <summary>A thread that an <see cref="IScheduler"/> started.</summary>
public interface IStartedThread
{
    /// <summary>Waits until it has ended.</summary>
    void Join();
}
