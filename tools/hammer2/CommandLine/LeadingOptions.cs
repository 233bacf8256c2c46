// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Tool.CommandLine;

/// <summary>What <c>-s PATH</c> before a command stands for.</summary>
internal enum SelectedPath
{
    /// <summary>It is not accepted.</summary>
    None,

    /// <summary>The first argument.</summary>
    First,

    /// <summary>The only argument, when there is none.</summary>
    WhenAlone,
}

/// <summary>Options before the name of the command, where upstream's command has them.</summary>
/// <param name="Path">The value of -s; null when it was not given.</param>
/// <param name="Options">The other options with their values.</param>
/// <param name="Rest">The command and what follows.</param>
internal sealed record LeadingOptions(string? Path, IReadOnlyList<string[]> Options, string[] Rest)
{
    private static readonly string[] s_withValue = ["-s", "-t", "-u", "-m"];
    private static readonly string[] s_flags = ["-r", "-v", "-q"];

    /// <summary>Takes the options before the first word that is none of them. A value may follow its option in the same
    /// word.</summary>
    public static LeadingOptions Parse(string[] words)
    {
        string? path = null;
        var options = new List<string[]>();
        int at = 0;
        for (; at < words.Length; at++)
        {
            string word = words[at];
            if (Array.IndexOf(s_flags, word) >= 0)
            {
                options.Add([word]);
                continue;
            }
            string? name = Array.Find(s_withValue, known => word.StartsWith(known, StringComparison.Ordinal));
            if (name is null || (word.Length == name.Length && at + 1 == words.Length)) break;
            string value = word.Length > name.Length ? word[name.Length..] : words[++at];
            if (name == "-s") path = value;
            else options.Add([name, value]);
        }
        return new LeadingOptions(path, options, words[at..]);
    }

    /// <summary>The arguments of a command with these options in their places.</summary>
    /// <param name="row">The command.</param>
    /// <param name="words">What follows its name.</param>
    /// <param name="result">The arguments.</param>
    /// <returns>Null; or why an option does not fit the command.</returns>
    public string? Apply(CommandRow row, string[] words, out string[] result)
    {
        var all = new List<string>();
        result = words;
        foreach (string[] option in Options)
        {
            bool isKnown = Array.Exists(row.Options, known => known.Short == option[0]);
            if (isKnown) all.AddRange(option);
            // How much upstream's command prints; the commands here have options of their own for that.
            else if (option[0] is not ("-v" or "-q")) return $"it has no option {option[0]}";
        }
        if (Path is not null)
        {
            if (row.Selects == SelectedPath.None) return "-s PATH does not apply to it";
            bool isAlone = Array.TrueForAll(words, word => word.StartsWith('-'));
            if (row.Selects == SelectedPath.First || isAlone) all.Add(Path);
        }
        result = [.. all, .. words];
        return null;
    }
}
