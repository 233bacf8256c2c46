// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text;

namespace Hammer2.Admin.Fsck;

/// <summary>Escapes names from media for messages, so that they cannot send commands to a terminal.</summary>
internal static class NamePrinter
{
    /// <summary>The name in quotes; bytes outside printable ASCII, quotes and backslashes as <c>\xHH</c>.</summary>
    public static string Quote(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder(name.Length + 2);
        _ = text.Append('"');
        foreach (byte letter in name)
        {
            if (letter is >= (byte)' ' and <= (byte)'~' and not (byte)'"' and not (byte)'\\') _ = text.Append((char)letter);
            else _ = text.Append(CultureInfo.InvariantCulture, $"\\x{letter:x2}");
        }
        return text.Append('"').ToString();
    }
}
