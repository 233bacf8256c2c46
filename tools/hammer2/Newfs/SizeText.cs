// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Newfs;

/// <summary>Sizes on the command line: a whole number with a suffix of k, m, g, t or p, in either case, for powers of
/// 1024; or without one, for bytes.</summary>
internal static class SizeText
{
    private const string Suffixes = "kmgtp";

    /// <summary>Parses one size.</summary>
    /// <exception cref="CommandException">The text is not a size.</exception>
    public static ulong Parse(OptionRow option, string text)
    {
        ReadOnlySpan<char> digits = text;
        int power = digits.IsEmpty ? -1 : Suffixes.IndexOf(char.ToLowerInvariant(digits[^1]));
        if (power >= 0) digits = digits[..^1];
        bool isNumber = ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out ulong count);
        UInt128 bytes = (UInt128)count << (10 * (power + 1));
        return isNumber && bytes <= long.MaxValue
            ? (ulong)bytes
            : throw new CommandException(ExitCode.Usage,
                $"{option.Name} {text}: not a size; write 512m, 10g, 2t or a number of bytes");
    }

    /// <summary>Parses sizes separated by colons.</summary>
    /// <exception cref="CommandException">A part is not a size.</exception>
    public static IReadOnlyList<ulong> ParseList(OptionRow option, string? text)
    {
        var sizes = new List<ulong>();
        if (text is null) return sizes;
        foreach (string size in text.Split(':')) sizes.Add(Parse(option, size));
        return sizes;
    }
}
