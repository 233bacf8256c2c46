// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Runtime.InteropServices;

namespace Hammer2.Fuzz.Seeds;

/// <summary>Puts an input together, as <see cref="InputReader"/> takes it apart.</summary>
internal sealed class InputWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Adds bytes.</summary>
    public InputWriter Add(params ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>Adds 16 bits.</summary>
    public InputWriter Word(int value) => Add((byte)value, (byte)(value >> 8));

    /// <summary>Adds a record.</summary>
    public InputWriter Record<T>(in T record)
        where T : unmanaged => Add(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in record)));

    /// <summary>Adds patches that make <paramref name="wanted"/> of <paramref name="original"/>, and ends their
    /// list.</summary>
    public InputWriter Patches(ReadOnlySpan<byte> original, ReadOnlySpan<byte> wanted, int unit = 1)
    {
        for (int at = 0; at < wanted.Length;)
        {
            int equal = original[at..].CommonPrefixLength(wanted[at..]);
            at = (at + equal) / unit * unit;
            if (at + equal >= wanted.Length) break;
            int length = Math.Min(64, wanted.Length - at);
            _ = Word(at / unit).Add((byte)length).Add(wanted.Slice(at, length));
            at += length;
        }
        return Word(0).Add(0);
    }

    /// <summary>Everything that was added.</summary>
    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();
}
