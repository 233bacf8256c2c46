// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>What a server wants of its session; INIT settles what it gets.</summary>
public sealed record FuseSessionOptions
{
    /// <summary>Features to use where the kernel has them.</summary>
    public FuseInitFlags Wanted { get; init; } = DefaultFeatures;

    /// <summary>Longest READ in bytes, from one page to 1 MiB; more than 128 KiB needs MAX_PAGES.</summary>
    public int MaxReadBytes { get; init; } = 1 << 20;

    /// <summary>Longest WRITE in bytes, from 4 KiB to 1 MiB. A read-only server saves memory with 4
    /// KiB.</summary>
    public int MaxWriteBytes { get; init; } = 1 << 20;

    /// <summary>Read-ahead in bytes; the kernel takes the lesser of this and its own default.</summary>
    public int MaxReadAheadBytes { get; init; } = 1 << 20;

    /// <summary>The step in which times are kept, in nanoseconds, from 1 to 1,000,000,000: the kernel rounds
    /// down to it.</summary>
    public int TimeGranularityNanoseconds { get; init; } = 1;

    /// <summary>Threads that serve requests, 1 to 256.</summary>
    public int WorkersTotal { get; init; } = 2;

    /// <summary>Read-ahead and other requests nobody waits for that may be under way at once.</summary>
    public int BackgroundRequestsMax { get; init; } = 64;

    /// <summary>False to have workers sleep as soon as there is no request, as the only processor asks
    /// for.</summary>
    public bool MaySpin { get; init; } = Environment.ProcessorCount > 1;

    /// <summary>Clock and timers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Bytes in a page of this machine: requests are limited in pages.</summary>
    public int PageBytes { get; init; } = Environment.SystemPageSize;

    /// <summary>Features that cost nothing and suit any filesystem.</summary>
    public const FuseInitFlags DefaultFeatures =
        FuseInitFlags.AsyncRead | FuseInitFlags.BigWrites | FuseInitFlags.ParallelDirOps
        | FuseInitFlags.DoReadDirPlus | FuseInitFlags.AsyncDio | FuseInitFlags.MaxPages
        | FuseInitFlags.InitExt;
}
