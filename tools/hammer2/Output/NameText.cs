// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Linux.Text;

namespace Hammer2.Tool.Output;

/// <summary>
/// Names of files, which are arbitrary bytes, as text that can be printed and read back without loss.
/// </summary>
internal static class NameText
{
    /// <summary>
    /// The name with every byte that is not part of a printable UTF-8 character as <c>\xHH</c>, and a
    /// backslash doubled.
    /// </summary>
    public static string Escape(string name) => Escape(ByteText.Encode(name));

    /// <inheritdoc cref="Escape(string)"/>
    public static string Escape(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(name, out Rune rune, out int consumed);
            if (status != OperationStatus.Done || ByteText.IsUnprintable(rune))
            {
                foreach (byte value in name[..consumed])
                    text.Append("\\x").Append(value.ToString("x2", CultureInfo.InvariantCulture));
            }
            else if (rune.Value == '\\')
            {
                text.Append("\\\\");
            }
            else
            {
                text.Append(rune.ToString());
            }
            name = name[consumed..];
        }
        return text.ToString();
    }

    /// <summary>The bytes of a name written as <see cref="Escape(string)"/> writes it; other text is converted to bytes
    /// by <see cref="ByteText"/>.</summary>
    public static byte[] Unescape(string text)
    {
        var bytes = new List<byte>(text.Length);
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] == '\\')
            {
                bytes.Add((byte)'\\');
                at++;
            }
            else if (text[at] == '\\' && at + 3 < text.Length && text[at + 1] == 'x'
                && byte.TryParse(text.AsSpan(at + 2, 2), NumberStyles.AllowHexSpecifier, null, out byte value))
            {
                bytes.Add(value);
                at += 3;
            }
            else
            {
                int length = char.IsHighSurrogate(text[at]) && at + 1 < text.Length ? 2 : 1;
                bytes.AddRange(ByteText.Encode(text.AsSpan(at, length)));
                at += length - 1;
            }
        }
        return [.. bytes];
    }
}
