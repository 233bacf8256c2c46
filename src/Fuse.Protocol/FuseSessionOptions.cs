// SPDX-License-Identifier: BSD-3-Clause
using Concurrency;
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>Requested parameters of a session; INIT negotiates the actual ones.</summary>
public sealed record FuseSessionOptions
{
    /// <summary>Features to use where the kernel offers them.</summary>
    public FuseInitFlags Wanted { get; init; } = DefaultFeatures;

    /// <summary>Longest READ in bytes, from one page to 1 MiB; more than 128 KiB needs MAX_PAGES.</summary>
    public int MaxReadBytes { get; init; } = 1 << 20;

    /// <summary>Longest WRITE in bytes, from 4 KiB to 1 MiB. A read-only server saves memory with 4
    /// KiB.</summary>
    public int MaxWriteBytes { get; init; } = 1 << 20;

    /// <summary>Read-ahead in bytes; the kernel uses the lesser of this and its own default.</summary>
    public int MaxReadAheadBytes { get; init; } = 1 << 20;

    /// <summary>Granularity of times in nanoseconds, 1 to 1,000,000,000; the kernel rounds down to it.</summary>
    public int TimeGranularityNanoseconds { get; init; } = 1;

    /// <summary>Threads that serve requests, 1 to 256.</summary>
    public int WorkersTotal { get; init; } = 2;

    /// <summary>Maximum number of background requests, such as read-ahead and writes from the kernel's cache, in
    /// progress at once. Requests for which a caller waits are read after those that came before, so few of them keep
    /// the latency of short requests low.</summary>
    public int BackgroundRequestsMax { get; init; } = 12;

    /// <summary>False to let workers sleep as soon as there is no request, as on a single processor.</summary>
    public bool MaySpin { get; init; } = Environment.ProcessorCount > 1;

    /// <summary>True to take requests from the kernel's queues (io_uring) where it offers that, false to read all from
    /// the device.</summary>
    public bool UsesQueues { get; init; }

    /// <summary>Level at which it is logged that the queues cannot be used.</summary>
    public LogLevel QueuesRefusedLevel { get; init; } = LogLevel.Information;

    /// <summary>Counts requests; null for no counting.</summary>
    public FuseStatistics? Statistics { get; init; }

    /// <summary>Keeps requests for those that follow them; null for none.</summary>
    public FuseTrace? Trace { get; init; }

    /// <summary>True while the filesystem answers <see cref="FuseErrno.ERESTART"/>: those requests are kept, and served
    /// again by <see cref="FuseSession.ServeStalled"/>. Null for a filesystem that never does.</summary>
    public Func<bool>? IsStalled { get; init; }

    /// <summary>Clock and timers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Starts the threads that serve requests.</summary>
    public IScheduler Scheduler { get; init; } = SystemScheduler.Instance;

    /// <summary>Page size of this machine in bytes: requests are limited in pages.</summary>
    public int PageBytes { get; init; } = Environment.SystemPageSize;

    /// <summary>Features that are free of cost and suitable for any filesystem.</summary>
    public const FuseInitFlags DefaultFeatures =
        FuseInitFlags.AsyncRead | FuseInitFlags.BigWrites | FuseInitFlags.ParallelDirOps
        | FuseInitFlags.DoReadDirPlus | FuseInitFlags.AsyncDio | FuseInitFlags.MaxPages
        | FuseInitFlags.InitExt;
}
