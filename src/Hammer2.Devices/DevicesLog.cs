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
}
