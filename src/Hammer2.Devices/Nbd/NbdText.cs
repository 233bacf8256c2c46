// SPDX-License-Identifier: BSD-3-Clause
using System.Text;

namespace Hammer2.Devices.Nbd;

/// <summary>Texts of servers, for messages.</summary>
internal static class NbdText
{
    private const int CharactersMax = 200;

    /// <summary>A text of a server without characters that a terminal acts upon, cut after 200.</summary>
    public static string Printable(ReadOnlySpan<byte> text)
    {
        var printable = new StringBuilder();
        foreach (char one in Encoding.UTF8.GetString(text))
        {
            if (printable.Length == CharactersMax) return printable.Append("...").ToString();
            _ = printable.Append(char.IsControl(one) ? ' ' : one);
        }
        return printable.ToString().Trim();
    }
}
