// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Extensions.Logging;

namespace Hammer2.Vnodes;

// All messages are in one part of the type: the generator that writes their code takes parts in any order, and the
// program would differ from build to build.
public sealed partial class VnodeOps
{
    [LoggerMessage(31, LogLevel.Error, "inode 0x{Inum:x} has type {Type}, which is not supported")]
    private static partial void LogUnknownType(ILogger logger, ulong inum, int type);

    [LoggerMessage(30, LogLevel.Error, "inode 0x{Inum:x} has a directory entry but does not exist")]
    private static partial void LogDangling(ILogger logger, ulong inum);

    [LoggerMessage(32, LogLevel.Error,
        "directory 0x{Inum:x} cannot be read wholly: listing it ends with an error")]
    private static partial void LogPartlyUnreadable(ILogger logger, ulong inum);

    [LoggerMessage(33, LogLevel.Error, "PFS {Label}: {Path} (inode 0x{Inum:x}) returned EIO")]
    private static partial void LogDamage(ILogger logger, string label, string path, ulong inum);

    [LoggerMessage(34, LogLevel.Error, "PFS {Label}: inode 0x{Inum:x}, whose path is not known, returned EIO")]
    private static partial void LogDamageWithoutPath(ILogger logger, string label, ulong inum);

    [LoggerMessage(35, LogLevel.Error,
        "the extended attributes of inode 0x{Inum:x} are damaged, or belong to another object, and are ignored")]
    private static partial void LogIgnored(ILogger logger, ulong inum);

    [LoggerMessage(36, LogLevel.Error,
        "the directory .hammer2-xattr is not root's with mode 0700: extended attributes in it are ignored")]
    private static partial void LogUntrusted(ILogger logger);
}
