// SPDX-License-Identifier: BSD-3-Clause
using Microsoft.Extensions.Logging;

namespace Fuse.Protocol;

/// <summary>Log messages of this project; event numbers from 1.</summary>
internal static partial class FuseLog
{
    [LoggerMessage(1, LogLevel.Information,
        "kernel speaks FUSE 7.{KernelMinor}, using 7.{Minor} with {Enabled}; reads of {MaxReadBytes}, " +
        "writes of {MaxWriteBytes}, read-ahead of {MaxReadAheadBytes} bytes")]
    public static partial void Negotiated(ILogger logger, uint kernelMinor, uint minor, FuseInitFlags enabled,
        int maxReadBytes, int maxWriteBytes, int maxReadAheadBytes);

    [LoggerMessage(2, LogLevel.Error,
        "{Opcode} of node {NodeId} (request {Unique}): handler failed, replied EIO")]
    public static partial void HandlerThrew(
        ILogger logger, Exception failure, FuseOpcode opcode, ulong nodeId, ulong unique);

    [LoggerMessage(3, LogLevel.Error,
        "{Opcode} of node {NodeId} (request {Unique}, {Length} bytes): malformed, {Fault}")]
    public static partial void Malformed(
        ILogger logger, FuseOpcode opcode, ulong nodeId, ulong unique, int length, string fault);

    [LoggerMessage(4, LogLevel.Error, "a message of {Length} bytes is not a request: {Fault}")]
    public static partial void NoRequest(ILogger logger, int length, string fault);

    [LoggerMessage(5, LogLevel.Information, "unknown operation {Opcode}, replied ENOSYS")]
    public static partial void UnknownOperation(ILogger logger, FuseOpcode opcode);

    [LoggerMessage(6, LogLevel.Error,
        "{Opcode} of node {NodeId}: handler returned {Answer}, which is not an error number; " +
        "replied EIO")]
    public static partial void BadAnswer(ILogger logger, FuseOpcode opcode, ulong nodeId, int answer);

    [LoggerMessage(7, LogLevel.Error,
        "{Opcode} of node {NodeId}: the kernel rejected the reply of {Length} bytes with error {Error}; " +
        "replied EIO")]
    public static partial void AnswerRefused(
        ILogger logger, FuseOpcode opcode, ulong nodeId, int length, int error);

    [LoggerMessage(8, LogLevel.Error, "reading requests failed with error {Error}: the session ends")]
    public static partial void ReceiveFailed(ILogger logger, int error);

    [LoggerMessage(9, LogLevel.Debug, "{Opcode} of node {NodeId} (request {Unique}): replied {Error}")]
    public static partial void Served(
        ILogger logger, FuseOpcode opcode, ulong nodeId, ulong unique, int error);

    [LoggerMessage(10, LogLevel.Information,
        "worker {Worker} shares the device: it cannot be cloned, error {Error}")]
    public static partial void NotCloned(ILogger logger, int worker, int error);

    [LoggerMessage(11, LogLevel.Error, "the DESTROY callback of the filesystem failed")]
    public static partial void DestroyThrew(ILogger logger, Exception failure);

    [LoggerMessage(13, LogLevel.Warning, "thread {Number} for long requests cannot be started")]
    public static partial void ThreadNotStarted(ILogger logger, Exception failure, int number);

    [LoggerMessage(12, LogLevel.Error,
        "{Opcode} of node {NodeId}: undoing a reply to an interrupted caller failed")]
    public static partial void UndoReplyThrew(
        ILogger logger, Exception failure, FuseOpcode opcode, ulong nodeId);

    [LoggerMessage(14, LogLevel.Information, "requests come over io_uring, in {Queues} queues")]
    public static partial void UsesQueues(ILogger logger, int queues);

    [LoggerMessage(EventId = 15, Message = "requests are read from the device, not over io_uring: {Reason}")]
    public static partial void QueuesRefused(ILogger logger, LogLevel level, string reason);

    [LoggerMessage(16, LogLevel.Error, "no entry for queue {Queue} of requests")]
    public static partial void EntryNotOpened(ILogger logger, Exception failure, int queue);

    [LoggerMessage(17, LogLevel.Error, "the kernel refused an entry of queue {Queue} with error {Error}")]
    public static partial void EntryRefused(ILogger logger, int queue, int error);
}
