// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Fuse.Protocol;

/// <summary>A request that was served, as a trace keeps it.</summary>
public struct FuseTraceEntry
{
    /// <summary>Bytes that are kept of a name; the rest of a longer one is left out.</summary>
    public const int NameBytesMax = 64;

    private NameBuffer _name;
    private int _nameBytes;

    /// <summary>Its number in the lifetime of the mount, among those that were traced.</summary>
    public ulong Number { get; internal set; }

    /// <summary>When it had been served.</summary>
    public DateTimeOffset Time { get; internal set; }

    /// <summary>How long that took, in microseconds.</summary>
    public long Microseconds { get; internal set; }

    /// <summary>The operation.</summary>
    public FuseOpcode Opcode { get; internal set; }

    /// <summary>The error number of the answer; ENOENT for a name that is missing.</summary>
    public int Error { get; internal set; }

    /// <summary>The object.</summary>
    public ulong NodeId { get; internal set; }

    /// <summary>The object that the answer names, of an operation that finds or makes one; else 0.</summary>
    public ulong ResultNodeId { get; internal set; }

    /// <summary>The thread of the caller; 0 for the kernel's own.</summary>
    public uint ProcessId { get; internal set; }

    /// <summary>The user of the caller.</summary>
    public uint Uid { get; internal set; }

    /// <summary>Where in the object; null for an operation without a position.</summary>
    public ulong? Position { get; internal set; }

    /// <summary>How many bytes, or the size that is set; null for an operation without a size.</summary>
    public ulong? SizeBytes { get; internal set; }

    /// <summary>The name in the object, of an operation that has one; else empty.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Name => ((ReadOnlySpan<byte>)_name)[..Math.Min(_nameBytes, NameBytesMax)];

    /// <summary>True when the name is longer than what is kept of it.</summary>
    public readonly bool IsNameCut => _nameBytes > NameBytesMax;

    internal void SetName(ReadOnlySpan<byte> name)
    {
        _nameBytes = name.Length;
        name[..Math.Min(name.Length, NameBytesMax)].CopyTo(_name);
    }

    [InlineArray(NameBytesMax)]
    private struct NameBuffer
    {
        private byte _first;
    }
}
