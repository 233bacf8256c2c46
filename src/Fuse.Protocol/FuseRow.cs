// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>One operation of the protocol.</summary>
internal abstract class FuseRow(FuseOpcode opcode)
{
    /// <summary>Its number.</summary>
    public FuseOpcode Opcode { get; } = opcode;

    /// <summary>False for the few operations that the kernel wants no answer to.</summary>
    public bool IsAnswered { get; init; } = true;

    /// <summary>How long it takes.</summary>
    public FuseDuration Duration { get; init; }

    /// <summary>Reads a request, calls the filesystem, and appends the answer.</summary>
    /// <returns>0 or an error number. A request that cannot be read has its <see cref="FuseRequest.Fault"/> set and
    /// did not reach the filesystem.</returns>
    public abstract int Serve(FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply);
}

/// <summary>Stands for the record of a request or of an answer that has none.</summary>
internal struct FuseNothing;

/// <summary>The names that follow the record of a request; empty ones for those that it does not have.</summary>
internal readonly ref struct FuseNames(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
{
    public readonly ReadOnlySpan<byte> First = first;
    public readonly ReadOnlySpan<byte> Second = second;
}

/// <summary>Calls the filesystem for one operation.</summary>
internal delegate int FuseCall<TInput, TOutput>(IFuseFileSystem fileSystem, scoped in FuseContext context,
    scoped in TInput input, scoped FuseNames names, scoped ref TOutput output)
    where TInput : unmanaged
    where TOutput : unmanaged;

/// <summary>An operation whose request is a record and names, and whose answer is a record: most are.</summary>
/// <param name="opcode">Its number.</param>
/// <param name="call">Calls the filesystem.</param>
internal sealed class FuseRow<TInput, TOutput>(FuseOpcode opcode, FuseCall<TInput, TOutput> call) : FuseRow(opcode)
    where TInput : unmanaged
    where TOutput : unmanaged
{
    /// <summary>How many names follow the record, 0 to 2.</summary>
    public int Names { get; init; }

    /// <inheritdoc/>
    public override int Serve(FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly TInput input = ref request.Record<TInput>();
        ReadOnlySpan<byte> first = Names > 0 ? request.Name() : default;
        ReadOnlySpan<byte> second = Names > 1 ? request.Name() : default;
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return call(dispatcher.FileSystem, in context, in input, new FuseNames(first, second),
            ref reply.Record<TOutput>());
    }
}

/// <summary>Serves an operation whose request or answer is more than records and names.</summary>
internal delegate int FuseHandler(FuseDispatcher dispatcher, scoped in FuseContext context,
    scoped ref FuseRequest request, scoped ref FuseReply reply);

/// <summary>An operation with data of a length of its own, or one for the dispatcher itself.</summary>
internal sealed class FuseDataRow(FuseOpcode opcode, FuseHandler handler) : FuseRow(opcode)
{
    /// <inheritdoc/>
    public override int Serve(FuseDispatcher dispatcher, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply) =>
        handler(dispatcher, in context, ref request, ref reply);
}

/// <summary>Answers CREATE and TMPFILE: <c>struct fuse_entry_out</c>, then <c>struct fuse_open_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseCreateOut
{
    public FuseEntryOut Entry;
    public FuseOpenOut Open;
}
