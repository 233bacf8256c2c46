// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Linux.Text;

/// <summary>
/// Converts command-line arguments, file names and labels, which are arbitrary bytes on Linux, to strings and back
/// without loss. Well-formed UTF-8 becomes its characters; any other byte 0xHH becomes the unpaired low surrogate
/// U+DCHH, which no well-formed text contains.
/// </summary>
/// <remarks>Do not convert such a string to UTF-8 by other means: each unpaired surrogate would become U+FFFD.
/// <see cref="Encode"/> restores the bytes, <see cref="ByteTextMarshaller"/> passes them to a C function, and
/// <see cref="ToPrintable"/> makes text that is safe to print.</remarks>
public static class ByteText
{
    private const char StrayBase = '\uDC00';
    private const char StrayFirst = '\uDC80';
    private const char StrayLast = '\uDCFF';

    /// <summary>The string for bytes. <see cref="Encode"/> restores exactly these bytes.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes)) return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int consumed) == OperationStatus.Done)
                _ = text.Append(rune.ToString());
            else foreach (byte stray in bytes[..consumed]) _ = text.Append((char)(StrayBase + stray));
            bytes = bytes[consumed..];
        }
        return text.ToString();
    }

    /// <summary>The bytes of a string. An unpaired surrogate outside U+DC80 to U+DCFF becomes U+FFFD.</summary>
    public static byte[] Encode(ReadOnlySpan<char> text)
    {
        if (!HasStray(text))
        {
            byte[] plain = new byte[Encoding.UTF8.GetByteCount(text)];
            _ = Encoding.UTF8.GetBytes(text, plain);
            return plain;
        }
        var bytes = new List<byte>(text.Length);
        Span<byte> encoded = stackalloc byte[4];
        while (!text.IsEmpty)
        {
            bool isRune = Rune.DecodeFromUtf16(text, out Rune rune, out int consumed) == OperationStatus.Done;
            if (!isRune && IsStray(text[0])) bytes.Add((byte)(text[0] - StrayBase));
            else bytes.AddRange(encoded[..rune.EncodeToUtf8(encoded)]);
            text = text[consumed..];
        }
        return [.. bytes];
    }

    /// <summary>Number of bytes that <see cref="Encode"/> returns.</summary>
    public static int ByteCount(ReadOnlySpan<char> text) =>
        HasStray(text) ? Encode(text).Length : Encoding.UTF8.GetByteCount(text);

    /// <summary>Replaces every control or invisible character, and every byte that is not part of well-formed UTF-8, by
    /// the <c>\xHH</c> of its bytes, so that a message cannot send commands to a terminal. Other characters are
    /// unchanged.</summary>
    public static string ToPrintable(string message)
    {
        if (!NeedsEscape(message)) return message;
        var text = new StringBuilder(message.Length + 8);
        ReadOnlySpan<char> rest = message;
        Span<byte> encoded = stackalloc byte[4];
        while (!rest.IsEmpty)
        {
            bool isRune = Rune.DecodeFromUtf16(rest, out Rune rune, out int consumed) == OperationStatus.Done;
            if (isRune && !IsUnprintable(rune)) _ = text.Append(rest[..consumed]);
            else if (!isRune && IsStray(rest[0])) AppendHex(text, (byte)(rest[0] - StrayBase));
            else foreach (byte value in encoded[..rune.EncodeToUtf8(encoded)]) AppendHex(text, value);
            rest = rest[consumed..];
        }
        return text.ToString();
    }

    /// <summary>True for control, format, separator, private-use and unassigned code points, which can hide or reorder
    /// text on a terminal.</summary>
    public static bool IsUnprintable(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static bool NeedsEscape(ReadOnlySpan<char> message)
    {
        foreach (char letter in message)
            if (letter is < ' ' or >= '\u007F') return true;
        return false;
    }

    private static void AppendHex(StringBuilder text, byte value) =>
        text.Append("\\x").Append(value.ToString("x2", CultureInfo.InvariantCulture));

    // Also true for text with surrogate pairs, which then takes the slower path.
    private static bool HasStray(ReadOnlySpan<char> text) => text.IndexOfAnyInRange(StrayFirst, StrayLast) >= 0;

    private static bool IsStray(char letter) => letter is >= StrayFirst and <= StrayLast;
}
