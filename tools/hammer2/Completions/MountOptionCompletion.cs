// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Completions;

/// <summary>Completes the last one of a list of mount options.</summary>
internal static class MountOptionCompletion
{
    /// <summary>The lists that begin with what was typed.</summary>
    /// <param name="typed">Options that commas separate; the last one may be incomplete.</param>
    /// <returns>The whole lists. One that ends in = needs a value.</returns>
    public static IEnumerable<string> Of(string typed)
    {
        int comma = typed.LastIndexOf(',');
        while (comma > 0 && typed[comma - 1] == '\\') comma = typed.LastIndexOf(',', comma - 1);
        string before = typed[..(comma + 1)], last = typed[(comma + 1)..];
        return from word in MountOptionTable.All.SelectMany(WordsOf)
               where word.StartsWith(last, StringComparison.Ordinal)
               select before + word;
    }

    /// <summary>What is offered for a row: the option up to its =, and with each value of a choice.</summary>
    internal static IEnumerable<string> WordsOf(MountOptionRow row)
    {
        if (row.Words.Length > 0) return row.Words;
        int equals = row.Usage.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0) return [row.Usage];
        string name = row.Usage[..(equals + 1)], value = row.Usage[(equals + 1)..];
        return value.Contains('|', StringComparison.Ordinal) ? value.Split('|').Select(one => name + one) : [name];
    }
}
