// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>One operation of the protocol.</summary>
internal abstract class FuseRow(FuseOpcode opcode)
{
    /// <summary>The number of the operation.</summary>
    public FuseOpcode Opcode { get; } = opcode;

    /// <summary>False for the few operations without a reply.</summary>
    public bool IsAnswered { get; init; } = true;

    /// <summary>How long serving it takes.</summary>
    public FuseDuration Duration { get; init; }

    /// <summary>Decodes a request, calls the filesystem, and appends the reply.</summary>
    /// <returns>0 or an error number. A malformed request has its <see cref="FuseRequest.Fault"/> set and did not reach
    /// the filesystem.</returns>
    public abstract int Serve(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply);
}

/// <summary>The names after the struct of a request; empty for absent ones.</summary>
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

/// <summary>An operation whose request is a struct and names, and whose reply is a struct, as of most
/// operations.</summary>
/// <param name="opcode">The number of the operation.</param>
/// <param name="call">Calls the filesystem.</param>
internal sealed class FuseRow<TInput, TOutput>(FuseOpcode opcode, FuseCall<TInput, TOutput> call) : FuseRow(opcode)
    where TInput : unmanaged
    where TOutput : unmanaged
{
    /// <summary>Number of names after the struct, 0 to 2.</summary>
    public int Names { get; init; }

    /// <inheritdoc/>
    public override int Serve(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply)
    {
        ref readonly TInput input = ref request.Record<TInput>();
        ReadOnlySpan<byte> first = Names > 0 ? request.Name() : default;
        ReadOnlySpan<byte> second = Names > 1 ? request.Name() : default;
        if (request.Fault is not null) return FuseErrno.EINVAL;
        return call(service.FileSystem, in context, in input, new FuseNames(first, second),
            ref reply.Record<TOutput>());
    }
}

/// <summary>Serves an operation with variable-length data.</summary>
internal delegate int FuseHandler(FuseService service, scoped in FuseContext context,
    scoped ref FuseRequest request, scoped ref FuseReply reply);

/// <summary>An operation with variable-length data, or one handled by the dispatcher itself.</summary>
internal sealed class FuseDataRow(FuseOpcode opcode, FuseHandler handler) : FuseRow(opcode)
{
    /// <inheritdoc/>
    public override int Serve(FuseService service, scoped in FuseContext context,
        scoped ref FuseRequest request, scoped ref FuseReply reply) =>
        handler(service, in context, ref request, ref reply);
}

/// <summary>Answers CREATE and TMPFILE: <c>struct fuse_entry_out</c>, then <c>struct fuse_open_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuseCreateOut
{
    public FuseEntryOut Entry;
    public FuseOpenOut Open;
}
