// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// Who asks, about which node, and whether the answer is still wanted. Lives as long as the
/// request is being handled.
/// </summary>
public readonly ref struct FuseContext
{
    private readonly ref readonly FuseInHeader _header;
    private readonly IFuseInterrupts? _interrupts;

    /// <summary>Wraps one request's header; without <paramref name="interrupts"/> no request is
    /// ever interrupted.</summary>
    public FuseContext(ref readonly FuseInHeader header, IFuseInterrupts? interrupts = null)
    {
        _header = ref header;
        _interrupts = interrupts;
    }

    /// <summary>What was asked.</summary>
    public FuseOpcode Opcode => _header.Opcode;

    /// <summary>Names the request for as long as it is under way.</summary>
    public ulong Unique => _header.Unique;

    /// <summary>The node the request is about; 1 is the root.</summary>
    public ulong NodeId => _header.NodeId;

    /// <summary>The caller's filesystem user id.</summary>
    public uint Uid => _header.Uid;

    /// <summary>The caller's filesystem group id.</summary>
    public uint Gid => _header.Gid;

    /// <summary>The caller's thread; 0 when the kernel asks for itself (writeback, read-ahead).</summary>
    public uint ProcessId => _header.ProcessId;

    /// <summary>
    /// True once the caller was hit by a signal while it waits: a handler in a long loop should
    /// then answer EINTR. Costs a few memory reads, so ask every some milliseconds of work.
    /// </summary>
    public bool IsInterrupted => Interruption.HasCome();

    /// <summary>The same for a handler that passes the question on.</summary>
    public FuseInterruption Interruption => new(_interrupts, _header.Unique);
}

/// <summary>Whether one request is still wanted; may be kept while it is being handled.</summary>
/// <param name="Interrupts">Knows it; null when no request is ever interrupted.</param>
/// <param name="Unique">The request.</param>
public readonly record struct FuseInterruption(IFuseInterrupts? Interrupts, ulong Unique)
{
    /// <summary>True once the caller was hit by a signal while it waits.</summary>
    public bool HasCome() => Interrupts is not null && Interrupts.IsInterrupted(Unique);
}

/// <summary>Knows which requests the kernel has interrupted.</summary>
public interface IFuseInterrupts
{
    /// <summary>True when an INTERRUPT for <paramref name="unique"/> has arrived.</summary>
    bool IsInterrupted(ulong unique);
}
