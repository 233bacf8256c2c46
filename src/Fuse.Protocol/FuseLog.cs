// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>Everything this project logs; event numbers from 1.</summary>
internal static partial class FuseLog
{
    [LoggerMessage(1, LogLevel.Information,
        "kernel speaks FUSE 7.{KernelMinor}, using 7.{Minor} with {Enabled}; reads of {MaxReadBytes}, " +
        "writes of {MaxWriteBytes}, read-ahead of {MaxReadAheadBytes} bytes")]
    public static partial void Negotiated(ILogger logger, uint kernelMinor, uint minor, FuseInitFlags enabled,
        int maxReadBytes, int maxWriteBytes, int maxReadAheadBytes);

    [LoggerMessage(2, LogLevel.Error,
        "{Opcode} of node {NodeId} (request {Unique}): handler failed, answered EIO")]
    public static partial void HandlerThrew(
        ILogger logger, Exception failure, FuseOpcode opcode, ulong nodeId, ulong unique);

    [LoggerMessage(3, LogLevel.Error,
        "{Opcode} of node {NodeId} (request {Unique}, {Length} bytes): malformed, {Fault}")]
    public static partial void Malformed(
        ILogger logger, FuseOpcode opcode, ulong nodeId, ulong unique, int length, string fault);

    [LoggerMessage(4, LogLevel.Error, "a message of {Length} bytes is no request: {Fault}")]
    public static partial void NoRequest(ILogger logger, int length, string fault);

    [LoggerMessage(5, LogLevel.Information, "operation {Opcode} is not known, answered ENOSYS")]
    public static partial void UnknownOperation(ILogger logger, FuseOpcode opcode);

    [LoggerMessage(6, LogLevel.Error,
        "{Opcode} of node {NodeId}: handler answered {Answer}, which is no error " +
        "number; answered EIO")]
    public static partial void BadAnswer(ILogger logger, FuseOpcode opcode, ulong nodeId, int answer);

    [LoggerMessage(7, LogLevel.Error,
        "{Opcode} of node {NodeId}: the kernel refused the answer of {Length} bytes " +
        "with error {Error}; answered EIO")]
    public static partial void AnswerRefused(
        ILogger logger, FuseOpcode opcode, ulong nodeId, int length, int error);

    [LoggerMessage(8, LogLevel.Error, "reading requests failed with error {Error}: the session ends")]
    public static partial void ReceiveFailed(ILogger logger, int error);

    [LoggerMessage(9, LogLevel.Debug, "{Opcode} of node {NodeId} (request {Unique}): answered {Error}")]
    public static partial void Served(
        ILogger logger, FuseOpcode opcode, ulong nodeId, ulong unique, int error);

    [LoggerMessage(10, LogLevel.Information,
        "worker {Worker} shares the device: it cannot be cloned, error {Error}")]
    public static partial void NotCloned(ILogger logger, int worker, int error);

    [LoggerMessage(11, LogLevel.Error, "the filesystem's farewell failed")]
    public static partial void FarewellThrew(ILogger logger, Exception failure);

    [LoggerMessage(13, LogLevel.Warning, "thread {Number} for requests that take long cannot be started")]
    public static partial void ThreadNotStarted(ILogger logger, Exception failure, int number);

    [LoggerMessage(12, LogLevel.Error,
        "{Opcode} of node {NodeId}: taking back an answer that nobody waited for failed")]
    public static partial void TakeBackThrew(
        ILogger logger, Exception failure, FuseOpcode opcode, ulong nodeId);
}
