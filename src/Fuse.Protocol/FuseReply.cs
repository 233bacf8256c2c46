// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>
/// Builds the answer to one request in the worker's pinned buffer: handlers fill records and data in place,
/// and what they kept is sent after the header without being copied again.
/// </summary>
public ref struct FuseReply
{
    private readonly Span<byte> _buffer;
    private int _used;

    /// <summary>Builds in <paramref name="buffer"/>; what is left in it from earlier answers never
    /// shows.</summary>
    public FuseReply(Span<byte> buffer) => _buffer = buffer;

    /// <summary>What was built so far.</summary>
    public readonly ReadOnlySpan<byte> Payload => _buffer[.._used];

    /// <summary>Longest data that still fits, in bytes.</summary>
    public readonly int RoomBytes => _buffer.Length - _used;

    /// <summary>Appends a zeroed record to be filled in.</summary>
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

    /// <summary>Appends the first <paramref name="bytes"/> of the room just filled.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than there was room for: the filesystem counts
    /// wrongly.</exception>
    public void Keep(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, RoomBytes);
        _used += bytes;
    }

    /// <summary>Forgets what was built: an error carries no payload.</summary>
    public void Clear() => _used = 0;
}
