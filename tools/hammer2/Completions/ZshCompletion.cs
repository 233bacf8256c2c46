// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Completions;

/// <summary>The completion script for zsh.</summary>
internal static class ZshCompletion
{
    private const string Functions = """
        # zsh completion for hammer2(8), made by 'hammer2 completion zsh'
        _hammer2_file() {
            local -a found
            if [[ $PREFIX == *@* ]]; then
                found=(${(f)"$(hammer2 complete volume -- "$PREFIX" 2>/dev/null)"})
                (( $#found )) && compadd -- $found && return
            fi
            _files "$@"
        }
        _hammer2_label() {
            local -a found
            local first
            for first in ${words[2,CURRENT-1]}; do
                [[ $first != -* ]] && break
            done
            found=(${(f)"$(hammer2 complete label -- "$PREFIX" "$first" 2>/dev/null)"})
            (( $#found )) && compadd -- $found
        }
        _hammer2_mount_options() {
            local -a found
            found=(${(f)"$(hammer2 complete mount-options -- "$PREFIX" 2>/dev/null)"})
            (( $#found )) && compadd -S '' -- $found
        }
        """;

    /// <summary>Writes it.</summary>
    public static void Write(TextWriter to)
    {
        to.WriteLine($"#compdef {string.Join(' ', ShellCompletion.Programs.Prepend("hammer2"))}");
        to.WriteLine(Functions);
        to.WriteLine("local command=$words[2]");
        to.WriteLine("case $service in");
        foreach (CommandRow row in CommandTable.Visible.Where(row => row.ProgramNames.Length > 0))
            to.WriteLine($"    {string.Join('|', row.ProgramNames)}) command={row.Name} ;;");
        to.WriteLine("    *)");
        to.WriteLine("        if (( CURRENT == 2 )); then");
        to.WriteLine("            local -a commands=(");
        foreach (CommandRow row in CommandTable.Visible) to.WriteLine($"                '{row.Name}:{Escape(row.Summary)}'");
        to.WriteLine("            )");
        to.WriteLine("            _describe command commands");
        to.WriteLine("            return");
        to.WriteLine("        fi");
        to.WriteLine("        shift words; (( CURRENT-- ))");
        to.WriteLine("        ;;");
        to.WriteLine("esac");
        to.WriteLine("case $command in");
        foreach (CommandRow row in CommandTable.Visible) WriteCommand(to, row);
        to.WriteLine("esac");
    }

    private static void WriteCommand(TextWriter to, CommandRow row)
    {
        to.WriteLine($"    {string.Join('|', row.Aliases.Prepend(row.Name))})");
        to.Write("        _arguments -s");
        foreach (OptionRow option in CommonOptions.AllOf(row))
        {
            string value = option.ValueName is null
                ? "" : $":{option.ValueName}:{ActionOf(option.Completes, option.Choices)}";
            foreach (string form in ShellCompletion.Forms(option))
                to.Write($" \\\n            '*{form}[{Escape(option.Help)}]{value}'");
        }
        foreach (ArgumentRow argument in row.Arguments)
        {
            string mark = argument.Repeats ? "*:" : argument.IsOptional ? "::" : ":";
            to.Write($" \\\n            '{mark}{argument.Name}:{ActionOf(argument.Completes, argument.Choices)}'");
        }
        to.WriteLine();
        to.WriteLine("        ;;");
    }

    private static string ActionOf(Completion completes, string[] choices) =>
        choices.Length > 0 ? $"({string.Join(' ', choices)})" : completes switch
        {
            Completion.File => "_hammer2_file",
            Completion.Directory => "_hammer2_file -/",
            Completion.Label => "_hammer2_label",
            Completion.MountOptions => "_hammer2_mount_options",
            _ => " ",
        };

    private static string Escape(string text) => text
        .Replace("'", "'\\''", StringComparison.Ordinal)
        .Replace("[", "\\[", StringComparison.Ordinal)
        .Replace("]", "\\]", StringComparison.Ordinal)
        .Replace(":", "\\:", StringComparison.Ordinal);
}
