// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Doors;

/// <summary>Texts in records: bytes with a NUL after them.</summary>
internal static class RecordText
{
    /// <summary>Reads a text. As upstream, the last byte counts as a NUL.</summary>
    /// <returns>False when it is empty.</returns>
    public static bool TryRead(ReadOnlySpan<byte> field, [NotNullWhen(true)] out string? text)
    {
        int end = field[..^1].IndexOf((byte)0);
        int length = end < 0 ? field.Length - 1 : end;
        text = length > 0 ? ByteText.Decode(field[..length]) : null;
        return length > 0;
    }

    /// <summary>Writes a text, of which as much is written as leaves a NUL, and zeros after it.</summary>
    public static void Write(string text, Span<byte> field)
    {
        ReadOnlySpan<byte> bytes = ByteText.Encode(text);
        if (bytes.Length >= field.Length) bytes = bytes[..(field.Length - 1)];
        bytes.CopyTo(field);
        field[bytes.Length..].Clear();
    }
}
