// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices;

/// <summary>All log messages of this layer; event numbers 1000 to 1099.</summary>
internal static partial class DevicesLog
{
    [LoggerMessage(1000, LogLevel.Warning, "{Note}")]
    internal static partial void Note(ILogger logger, string note);

    [LoggerMessage(1001, LogLevel.Information, "{Device}: the filesystem is in partition {Partition}")]
    internal static partial void PartitionSelected(ILogger logger, string device, string partition);

    [LoggerMessage(1002, LogLevel.Debug,
        "{Name}: opened, {VolumesTotal} volumes, {TotalBytes} bytes, "
        + "header copy {CopyIndex}, mirror_tid {MirrorTid:x}")]
    internal static partial void Opened(
        ILogger logger, string name, int volumesTotal, ulong totalBytes, int copyIndex, ulong mirrorTid);

    [LoggerMessage(1003, LogLevel.Error,
        "{Name}: the server is given up: {Reason}; {Unanswered} writes have no answer")]
    internal static partial void ConnectionFailed(ILogger logger, string name, string reason, int unanswered);

    [LoggerMessage(1004, LogLevel.Warning, "{Name}: the server refuses a {Failure}")]
    internal static partial void RequestFailed(ILogger logger, string name, string failure);

    [LoggerMessage(1005, LogLevel.Warning, "{Name}: it is closed while {Unsettled}")]
    internal static partial void ClosedUnsettled(ILogger logger, string name, string unsettled);

    [LoggerMessage(1006, LogLevel.Debug, "{Name}: the end of the connection was not told to the server: {Reason}")]
    internal static partial void DisconnectFailed(ILogger logger, string name, string reason);

    [LoggerMessage(1007, LogLevel.Warning,
        "{Name}: {Writer} may be writing it; its mark is watched for {Seconds} seconds")]
    internal static partial void ClaimWatched(ILogger logger, string name, string writer, double seconds);

    [LoggerMessage(1008, LogLevel.Warning, "{Name}: taken over from {Writer}, which does not renew its mark")]
    internal static partial void ClaimTakenOver(ILogger logger, string name, string writer);

    [LoggerMessage(1009, LogLevel.Error, "{Name}: it is not written any more: {Reason}")]
    internal static partial void ClaimLost(ILogger logger, string name, string reason);
}
