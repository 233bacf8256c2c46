// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// The caller and the node of a request, and whether the request was interrupted. Valid while the request is being
/// handled.
/// </summary>
public readonly ref struct FuseContext
{
    private readonly ref readonly FuseInHeader _header;
    private readonly IFuseInterrupts? _interrupts;

    /// <summary>A context of one request's header; with null <paramref name="interrupts"/> it is never
    /// interrupted.</summary>
    public FuseContext(ref readonly FuseInHeader header, IFuseInterrupts? interrupts = null)
    {
        _header = ref header;
        _interrupts = interrupts;
    }

    /// <summary>The same request for another node.</summary>
    /// <param name="nodeId">The node.</param>
    /// <param name="header">Storage of the new header, which must live as long as the result.</param>
    public FuseContext WithNode(ulong nodeId, ref FuseInHeader header)
    {
        header = _header;
        header.NodeId = nodeId;
        return new FuseContext(ref header, _interrupts);
    }

    /// <summary>The operation.</summary>
    public FuseOpcode Opcode => _header.Opcode;

    /// <summary>Identifies the request while it is in progress.</summary>
    public ulong Unique => _header.Unique;

    /// <summary>The node of the request; 1 is the root.</summary>
    public ulong NodeId => _header.NodeId;

    /// <summary>The caller's filesystem user id.</summary>
    public uint Uid => _header.Uid;

    /// <summary>The caller's filesystem group id.</summary>
    public uint Gid => _header.Gid;

    /// <summary>The caller's thread id; 0 for requests of the kernel itself (writeback, read-ahead).</summary>
    public uint ProcessId => _header.ProcessId;

    /// <summary>
    /// True once a signal interrupted the waiting caller: a handler in a long loop should then return EINTR. Costs a
    /// few memory reads; check after every few milliseconds of work.
    /// </summary>
    public bool IsInterrupted => Interruption.HasCome();

    /// <summary>The same check as a value that a handler can pass on.</summary>
    public FuseInterruption Interruption => new(_interrupts, _header.Unique);
}

/// <summary>Tells whether one request was interrupted; valid while the request is being handled.</summary>
/// <param name="Interrupts">The source of interrupts; null when no request is ever interrupted.</param>
/// <param name="Unique">The request.</param>
public readonly record struct FuseInterruption(IFuseInterrupts? Interrupts, ulong Unique)
{
    /// <summary>True once a signal interrupted the waiting caller.</summary>
    public bool HasCome() => Interrupts is not null && Interrupts.IsInterrupted(Unique);
}

/// <summary>The set of requests that the kernel has interrupted.</summary>
public interface IFuseInterrupts
{
    /// <summary>True when an INTERRUPT for <paramref name="unique"/> has arrived.</summary>
    bool IsInterrupted(ulong unique);
}
