// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>
/// Builds the reply to one request in the worker's pinned buffer: handlers fill structs and data in place, which are
/// sent after the header without being copied.
/// </summary>
public ref struct FuseReply
{
    private readonly Span<byte> _buffer;
    private int _used;

    /// <summary>Builds in <paramref name="buffer"/>; bytes of earlier replies in it never become part of this
    /// one.</summary>
    public FuseReply(Span<byte> buffer) => _buffer = buffer;

    /// <summary>The payload built so far.</summary>
    public readonly ReadOnlySpan<byte> Payload => _buffer[.._used];

    /// <summary>Longest data that still fits, in bytes.</summary>
    public readonly int RoomBytes => _buffer.Length - _used;

    /// <summary>Appends a zeroed struct to be filled in.</summary>
    public ref T Record<T>()
        where T : unmanaged
    {
        Span<byte> room = _buffer.Slice(_used, Unsafe.SizeOf<T>());
        room.Clear();
        if (typeof(T) != typeof(FuseNothing)) _used += room.Length;
        return ref MemoryMarshal.AsRef<T>(room);
    }

    /// <summary>Room for data of at most <paramref name="bytes"/>; nothing is appended before
    /// <see cref="Keep"/>.</summary>
    public readonly Span<byte> Room(
        uint bytes) => _buffer.Slice(_used, (int)Math.Min(bytes, (uint)RoomBytes));

    /// <summary>Appends the first <paramref name="bytes"/> of the space returned before.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Longer than that space: an error of the filesystem.</exception>
    public void Keep(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, RoomBytes);
        _used += bytes;
    }

    /// <summary>Drops the payload: an error reply has none.</summary>
    public void Clear() => _used = 0;
}
