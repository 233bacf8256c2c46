// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers;
using System.Globalization;
using System.Text;
using Linux.Text;

namespace Hammer2.Tool.Output;

/// <summary>Names as udev and libblkid write them into properties of devices and names of symbolic links.</summary>
internal static class UdevText
{
    private const string Allowed = "#+-.:=@_";

    /// <summary>For people: what is not printable is an underscore each, white space one for a run of it.</summary>
    public static string Safe(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(name, out Rune rune, out int consumed);
            bool isText = status == OperationStatus.Done;
            if (isText && Rune.IsWhiteSpace(rune))
            {
                if (text.Length > 0 && text[^1] != '_') _ = text.Append('_');
            }
            else
            {
                _ = text.Append(isText && IsAllowed(rune) ? rune.ToString() : "_");
            }
            name = name[consumed..];
        }
        return text.ToString();
    }

    /// <summary>Without loss: each byte that is neither of a letter, a digit nor of a few marks is <c>\xHH</c>. This is
    /// the name of the link in <c>/dev/disk/by-label</c>.</summary>
    public static string Encode(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length);
        while (!name.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(name, out Rune rune, out int consumed);
            if (status == OperationStatus.Done && IsAllowed(rune))
            {
                _ = text.Append(rune.ToString());
            }
            else
            {
                foreach (byte value in name[..consumed])
                    _ = text.Append("\\x").Append(value.ToString("x2", CultureInfo.InvariantCulture));
            }
            name = name[consumed..];
        }
        return text.ToString();
    }

    private static bool IsAllowed(Rune rune) => rune.IsAscii
        ? char.IsAsciiLetterOrDigit((char)rune.Value) || Allowed.Contains((char)rune.Value, StringComparison.Ordinal)
        : !Rune.IsWhiteSpace(rune) && !ByteText.IsUnprintable(rune);
}
