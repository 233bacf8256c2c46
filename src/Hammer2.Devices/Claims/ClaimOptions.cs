// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Concurrency;

namespace Hammer2.Devices.Claims;

/// <summary>How volumes are claimed that machines without common locks can reach.</summary>
public sealed record ClaimOptions
{
    /// <summary>The writer.</summary>
    public WriterIdentity Writer { get; init; } = WriterIdentity.Current;

    /// <summary>Starts the thread that renews, and waits.</summary>
    public IScheduler Scheduler { get; init; } = SystemScheduler.Instance;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether a process of this machine runs.</summary>
    public Func<long, bool> IsRunning { get; init; } = static id => Directory.Exists($"/proc/{id}");

    /// <summary>A claim is renewed so often.</summary>
    public static TimeSpan RenewalInterval { get; } = TimeSpan.FromSeconds(2);

    /// <summary>A writer whose claim was not renewed for so long looks before its next write whether it still has
    /// it.</summary>
    public static TimeSpan TrustedTime { get; } = 2 * RenewalInterval;

    /// <summary>A mark that does not change for so long is no claim any more. Longer than
    /// <see cref="TrustedTime"/>.</summary>
    public static TimeSpan WatchTime { get; } = 3 * RenewalInterval;
}
