// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse;

/// <summary>Log messages of the daemon; event numbers from 50.</summary>
internal static partial class FuseDaemonLog
{
    [LoggerMessage(50, LogLevel.Information, "{Source} is mounted on {Target}")]
    public static partial void Mounted(ILogger logger, string source, string target);

    [LoggerMessage(51, LogLevel.Information, "{Target}: {End}")]
    public static partial void Ended(ILogger logger, string target, FuseSessionEnd end);

    [LoggerMessage(52, LogLevel.Warning, "{Reason}; mounted read-only")]
    public static partial void MountedReadOnly(ILogger logger, string reason);

    [LoggerMessage(66, LogLevel.Information, "{Target} is writable now")]
    public static partial void BecameWritable(ILogger logger, string target);

    [LoggerMessage(53, LogLevel.Warning, "read-ahead was not set: {Reason}")]
    public static partial void ReadAheadNotSet(ILogger logger, string reason);

    [LoggerMessage(54, LogLevel.Warning, "unmounting although files are open: {Reason}")]
    public static partial void Detaching(ILogger logger, string reason);

    [LoggerMessage(57, LogLevel.Error, "orphan 0x{Inum:x} cannot be deleted: {Error}")]
    public static partial void NotForgotten(ILogger logger, ulong inum, Errno error);

    [LoggerMessage(58, LogLevel.Critical, "{Target}: the last changes could not be made durable: {Error}")]
    public static partial void LastChangesLost(ILogger logger, string target, Errno error);

    [LoggerMessage(67, LogLevel.Critical,
        "the last changes wait for nodes that are away: the process ends when they are back, or, giving the changes "
        + "up, on a signal")]
    public static partial void LastChangesWait(ILogger logger);

    [LoggerMessage(59, LogLevel.Error, "dirty pages of open files may be lost: {Reason}")]
    public static partial void DelayedWritesLost(ILogger logger, string reason);

    [LoggerMessage(55, LogLevel.Error, "cannot unmount: {Reason}")]
    public static partial void CannotUnmount(ILogger logger, string reason);

    [LoggerMessage(60, LogLevel.Warning,
        "memory= is ignored: the process that serves this filesystem shares {Mebibytes} MiB among its mounts, as its " +
        "first one asked")]
    public static partial void MemoryIgnored(ILogger logger, long mebibytes);

    [LoggerMessage(61, LogLevel.Information,
        "further PFSs of this filesystem cannot be mounted meanwhile: {Reason}")]
    public static partial void NotReachable(ILogger logger, string reason);

    [LoggerMessage(62, LogLevel.Error, "a request of another process failed: a defect of this program")]
    public static partial void RequestFailed(ILogger logger, Exception defect);

    [LoggerMessage(63, LogLevel.Warning, "a request was refused: {Reason}")]
    public static partial void PeerRefused(ILogger logger, string reason);

    [LoggerMessage(64, LogLevel.Warning, "{Source} cannot be handed to the process that serves it: {Reason}")]
    public static partial void CannotAsk(ILogger logger, string source, string reason);

    [LoggerMessage(65, LogLevel.Error,
        "{Target}: the process that served it is gone; whether the last changes are durable is not known")]
    public static partial void ServerLost(ILogger logger, string target);
}
