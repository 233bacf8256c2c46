// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices.Nbd;

/// <summary>What a connection needs beside its link.</summary>
/// <param name="Name">The device, for messages.</param>
/// <param name="Timeout">How long a request may take, from when it is wanted to its answer.</param>
/// <param name="Logger">Receives why the connection failed, and errors of the server.</param>
internal sealed record NbdConnectionOptions(string Name, TimeSpan Timeout, ILogger Logger)
{
    /// <summary>Starts the thread that receives.</summary>
    public IScheduler Scheduler { get; init; } = SystemScheduler.Instance;

    /// <summary>Gives the time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
