// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Administration;

/// <summary>Log messages of administration; event numbers from 90.</summary>
internal static partial class AdministrationLog
{
    [LoggerMessage(90, LogLevel.Information,
        "request {Request} ({Number}) in the background has ended: {Error} {Message}")]
    public static partial void JobEnded(ILogger logger, string request, ulong number, Errno error, string message);

    [LoggerMessage(91, LogLevel.Warning, "the root directory has an entry {Name}: it is shown, and the virtual "
        + "directory of that name for administration is not")]
    public static partial void VirtualDirectoryHidden(ILogger logger, string name);

    [LoggerMessage(93, LogLevel.Warning, "PFS {Label} is not changed: files in it are open below .hammer2/snapshots: "
        + "{Processes}")]
    public static partial void SnapshotInUse(ILogger logger, string label, string processes);

    [LoggerMessage(94, LogLevel.Information, "request {Request} of user {User} begins")]
    public static partial void RequestBegins(ILogger logger, string request, uint user);

    [LoggerMessage(95, LogLevel.Information, "request {Request} of user {User} is done: {Arguments}")]
    public static partial void RequestDone(ILogger logger, string request, uint user, string arguments);

    [LoggerMessage(96, LogLevel.Information, "request {Request} of user {User} failed: {Error} {Message}")]
    public static partial void RequestFailed(
        ILogger logger, string request, uint user, Errno error, string message);

    [LoggerMessage(92, LogLevel.Information, "dump of inode 0x{Inum:x}, flags 0x{Flags:x}: {Type}, {Size} bytes, "
        + "{DataBytes} allocated, modified at {ModifyTime} us")]
    public static partial void Dump(
        ILogger logger, ulong inum, uint flags, string type, ulong size, ulong dataBytes, ulong modifyTime);
}
