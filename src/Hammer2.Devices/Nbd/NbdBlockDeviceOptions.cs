// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Devices.Nbd;

/// <summary>How a remote device is opened.</summary>
/// <param name="IsReadOnly">Never write.</param>
internal sealed record NbdBlockDeviceOptions(bool IsReadOnly)
{
    /// <summary>Receives why a connection was lost, and errors of the server.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>Starts the thread that receives.</summary>
    public IScheduler Scheduler { get; init; } = SystemScheduler.Instance;

    /// <summary>Gives the time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long a request may take; null for the time in the address.</summary>
    public TimeSpan? Timeout { get; init; }
}
