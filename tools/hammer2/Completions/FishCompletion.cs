// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Completions;

/// <summary>The completion script for fish.</summary>
internal static class FishCompletion
{
    private const string Volumes = "(hammer2 complete volume -- (commandline -ct) 2>/dev/null)";

    private const string MountOptions = "(hammer2 complete mount-options -- (commandline -ct) 2>/dev/null)";

    private const string Labels = "(__hammer2_labels)";

    private const string Head = """
        # fish completion for hammer2(8), made by 'hammer2 completion fish'
        function __hammer2_labels
            set -l words (commandline -opc)
            for word in $words[3..-1]
                if not string match -q -- '-*' $word
                    hammer2 complete label -- (commandline -ct) $word 2>/dev/null
                    return
                end
            end
        end
        complete -c hammer2 -f
        complete -c hammer2 -n __fish_use_subcommand -l help -s h -d 'explain the program'
        complete -c hammer2 -n __fish_use_subcommand -l version -d 'print the version'
        """;

    /// <summary>Writes it.</summary>
    public static void Write(TextWriter to)
    {
        to.WriteLine(Head);
        foreach (CommandRow row in CommandTable.Visible)
        {
            to.WriteLine($"complete -c hammer2 -n __fish_use_subcommand -a {row.Name} -d '{Escape(row.Summary)}'");
            string names = string.Join(' ', row.Aliases.Prepend(row.Name));
            WriteCommand(to, $"complete -c hammer2 -n '__fish_seen_subcommand_from {names}'", row);
            foreach (string program in row.ProgramNames) WriteCommand(to, $"complete -c {program}", row);
        }
    }

    private static void WriteCommand(TextWriter to, string complete, CommandRow row)
    {
        if (row.Arguments.Any(argument => ShellCompletion.IsFile(argument.Completes)))
            to.WriteLine($"{complete} -F -a '{Volumes}'");
        if (row.Arguments.Any(argument => argument.Completes == Completion.Label)) to.WriteLine($"{complete} -a '{Labels}'");
        foreach (string word in row.Arguments.SelectMany(argument => argument.Choices)) to.WriteLine($"{complete} -a {word}");
        foreach (OptionRow option in CommonOptions.AllOf(row)) to.WriteLine($"{complete} {Describe(option)}");
    }

    private static string Describe(OptionRow option)
    {
        string form = $"-l {option.Name.TrimStart('-')}";
        if (option.Short is { } name) form += $" -s {name.TrimStart('-')}";
        if (option.ValueName is not null) form += ShellCompletion.IsFile(option.Completes) ? " -r -F" : " -x";
        if (option.Choices.Length > 0) form += $" -a '{string.Join(' ', option.Choices)}'";
        else if (option.Completes == Completion.File) form += $" -a '{Volumes}'";
        else if (option.Completes == Completion.MountOptions) form += $" -a '{MountOptions}'";
        else if (option.Completes == Completion.Label) form += $" -a '{Labels}'";
        return $"{form} -d '{Escape(option.Help)}'";
    }

    private static string Escape(string text) => text.Replace("'", "\\'", StringComparison.Ordinal);
}
