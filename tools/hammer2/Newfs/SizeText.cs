// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Newfs;

/// <summary>Sizes as people write them: a whole number with one of k, m, g, t and p behind it, in either case, for powers
/// of 1024; or without, for bytes.</summary>
internal static class SizeText
{
    private const string Suffixes = "kmgtp";

    /// <summary>Reads one size.</summary>
    /// <exception cref="CommandException">It is none.</exception>
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

    /// <summary>Reads sizes with colons between them.</summary>
    /// <exception cref="CommandException">One is none.</exception>
    public static IReadOnlyList<ulong> ParseList(OptionRow option, string? text)
    {
        var sizes = new List<ulong>();
        if (text is null) return sizes;
        foreach (string size in text.Split(':')) sizes.Add(Parse(option, size));
        return sizes;
    }
}
