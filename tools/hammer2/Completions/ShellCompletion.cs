// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Completions;

/// <summary>Completion scripts for shells, generated from the command table. What is not known before the user types, they
/// ask the program for ('hammer2 complete').</summary>
internal static class ShellCompletion
{
    /// <summary>The supported shells.</summary>
    public static readonly string[] Shells = ["bash", "zsh", "fish"];

    /// <summary>The other names of the program.</summary>
    public static IEnumerable<string> Programs => CommandTable.Visible.SelectMany(row => row.ProgramNames);

    /// <summary>Writes the script of one of <see cref="Shells"/>.</summary>
    public static void Write(string shell, TextWriter to)
    {
        switch (shell)
        {
            case "zsh": ZshCompletion.Write(to); break;
            case "fish": FishCompletion.Write(to); break;
            default: BashCompletion.Write(to); break;
        }
    }

    /// <summary>True for what may be a file, a device or a directory.</summary>
    public static bool IsFile(Completion completes) => completes is Completion.File or Completion.Directory;

    /// <summary>The short and the long form of an option.</summary>
    public static string[] Forms(OptionRow option) =>
        option.Short is { } name ? [name, option.Name] : [option.Name];
}
