// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;

namespace Hammer2.Fuzz;

/// <summary>
/// Parses an input. Missing bytes at its end read as zeros, so that every input is valid and a fuzzer can shorten it.
/// </summary>
internal ref struct InputReader
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts at the first byte.</summary>
    public InputReader(ReadOnlySpan<byte> input) =>
        _rest = input.Length > FuzzTarget.InputBytesMax ? input[..FuzzTarget.InputBytesMax] : input;

    /// <summary>All bytes that were not taken yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Takes a byte.</summary>
    public byte Byte()
    {
        if (_rest.IsEmpty) return 0;
        byte value = _rest[0];
        _rest = _rest[1..];
        return value;
    }

    /// <summary>Takes 16 bits, little-endian.</summary>
    public int Word() => Byte() | (Byte() << 8);

    /// <summary>Takes 64 bits, little-endian.</summary>
    public ulong Long()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Takes up to so many bytes.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        ReadOnlySpan<byte> taken = _rest[..Math.Min(count, _rest.Length)];
        _rest = _rest[taken.Length..];
        return taken;
    }

    /// <summary>Takes as many bytes as there is room for.</summary>
    public void Fill(scoped Span<byte> room)
    {
        ReadOnlySpan<byte> taken = Take(room.Length);
        taken.CopyTo(room);
        room[taken.Length..].Clear();
    }

    /// <summary>
    /// Reads a list of patches (offset in 16 bits, length in 8, bytes) and applies them. A length of zero ends the
    /// list; bytes outside the target are ignored.
    /// </summary>
    /// <param name="target">What is patched.</param>
    /// <param name="unit">What an offset counts, in bytes.</param>
    public void Patch(scoped Span<byte> target, int unit = 1)
    {
        while (!_rest.IsEmpty)
        {
            long offset = (long)Word() * unit;
            int length = Byte();
            if (length == 0) return;
            ReadOnlySpan<byte> bytes = Take(length);
            if (offset + bytes.Length <= target.Length) bytes.CopyTo(target[(int)offset..]);
        }
    }
}
