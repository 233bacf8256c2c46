// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;

namespace Hammer2.Tool.CommandLine;

/// <summary>Completion scripts for shells, generated from the command table.</summary>
internal static class ShellCompletion
{
    /// <summary>The supported shells.</summary>
    public static readonly string[] Shells = ["bash", "zsh", "fish"];

    /// <summary>Writes the script of one of <see cref="Shells"/>.</summary>
    public static void Write(string shell, TextWriter to)
    {
        switch (shell)
        {
            case "zsh": WriteZsh(to); break;
            case "fish": WriteFish(to); break;
            default: WriteBash(to); break;
        }
    }

    private static void WriteBash(TextWriter to)
    {
        to.WriteLine("# bash completion for hammer2(8), made by 'hammer2 completion bash'");
        to.WriteLine("_hammer2() {");
        to.WriteLine("    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}");
        to.WriteLine("    local program=${COMP_WORDS[0]##*/} options='' words='' files=''");
        to.WriteLine("    if [ \"$program\" = hammer2 ] && [ \"$COMP_CWORD\" -eq 1 ]; then");
        string names = string.Join(' ', CommandTable.Visible.Select(row => row.Name));
        to.WriteLine($"        mapfile -t COMPREPLY < <(compgen -W '{names} --help --version' -- \"$word\")");
        to.WriteLine("        return");
        to.WriteLine("    fi");
        to.WriteLine("    case $program in");
        foreach (CommandRow row in CommandTable.Visible.Where(row => row.ProgramNames.Length > 0))
            to.WriteLine($"        {string.Join('|', row.ProgramNames)}) command={row.Name} ;;");
        to.WriteLine("    esac");
        to.WriteLine("    case $command in");
        foreach (CommandRow row in CommandTable.Visible) WriteBashCommand(to, row);
        to.WriteLine("    esac");
        to.WriteLine("    case $word in");
        to.WriteLine("        -*) mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\") ;;");
        to.WriteLine("        *) mapfile -t COMPREPLY < <(compgen -W \"$words\" $files -- \"$word\") ;;");
        to.WriteLine("    esac");
        to.WriteLine("}");
        string programs = string.Join(' ', CommandTable.Visible.SelectMany(row => row.ProgramNames));
        to.WriteLine($"complete -o filenames -F _hammer2 hammer2 {programs}".TrimEnd());
    }

    private static void WriteBashCommand(TextWriter to, CommandRow row)
    {
        OptionRow[] options = CommonOptions.AllOf(row);
        to.WriteLine($"        {string.Join('|', row.Aliases.Prepend(row.Name))})");
        to.WriteLine($"            options='{string.Join(' ', options.SelectMany(Forms))}'");
        if (row.Arguments.Any(argument =>
            argument.Completes != Completion.Nothing)) to.WriteLine("            files=-f");
        string[] words = [.. row.Arguments.SelectMany(argument => argument.Choices)];
        if (words.Length > 0) to.WriteLine($"            words='{string.Join(' ', words)}'");
        to.WriteLine("            case $previous in");
        foreach (OptionRow option in options.Where(option => option.ValueName is not null))
        {
            string values = option.Choices.Length > 0
                ? $"words='{string.Join(' ', option.Choices)}' files=''"
                : option.Completes == Completion.Nothing ? "words='' files=''" : "words='' files=-f";
            to.WriteLine($"                {string.Join('|', Forms(option))}) {values} ;;");
        }
        to.WriteLine("            esac");
        to.WriteLine("            ;;");
    }

    private static void WriteZsh(TextWriter to)
    {
        string programs = string.Join(' ', CommandTable.Visible.SelectMany(row => row.ProgramNames).Prepend("hammer2"));
        to.WriteLine($"#compdef {programs}");
        to.WriteLine("# zsh completion for hammer2(8), made by 'hammer2 completion zsh'");
        to.WriteLine("local command=$words[2]");
        to.WriteLine("case $service in");
        foreach (CommandRow row in CommandTable.Visible.Where(row => row.ProgramNames.Length > 0))
            to.WriteLine($"    {string.Join('|', row.ProgramNames)}) command={row.Name} ;;");
        to.WriteLine("    *)");
        to.WriteLine("        if (( CURRENT == 2 )); then");
        to.WriteLine("            local -a commands=(");
        foreach (CommandRow row in CommandTable.Visible) to.WriteLine($"                '{row.Name}:{ZshText(row.Summary)}'");
        to.WriteLine("            )");
        to.WriteLine("            _describe command commands");
        to.WriteLine("            return");
        to.WriteLine("        fi");
        to.WriteLine("        shift words; (( CURRENT-- ))");
        to.WriteLine("        ;;");
        to.WriteLine("esac");
        to.WriteLine("case $command in");
        foreach (CommandRow row in CommandTable.Visible) WriteZshCommand(to, row);
        to.WriteLine("esac");
    }

    private static void WriteZshCommand(TextWriter to, CommandRow row)
    {
        to.WriteLine($"    {string.Join('|', row.Aliases.Prepend(row.Name))})");
        to.Write("        _arguments -s");
        foreach (OptionRow option in CommonOptions.AllOf(row))
        {
            string value = option.ValueName is null
                ? "" : $":{option.ValueName}:{ZshAction(option.Completes, option.Choices)}";
            foreach (string form in Forms(option)) to.Write($" \\\n            '*{form}[{ZshText(option.Help)}]{value}'");
        }
        foreach (ArgumentRow argument in row.Arguments)
        {
            string mark = argument.Repeats ? "*:" : argument.IsOptional ? "::" : ":";
            to.Write($" \\\n            '{mark}{argument.Name}:{ZshAction(argument.Completes, argument.Choices)}'");
        }
        to.WriteLine();
        to.WriteLine("        ;;");
    }

    private static string ZshAction(Completion completes, string[] choices) =>
        choices.Length > 0 ? $"({string.Join(' ', choices)})" : completes switch
        {
            Completion.File => "_files",
            Completion.Directory => "_files -/",
            _ => " ",
        };

    private static string ZshText(string text) => text
        .Replace("'", "'\\''", StringComparison.Ordinal)
        .Replace("[", "\\[", StringComparison.Ordinal)
        .Replace("]", "\\]", StringComparison.Ordinal)
        .Replace(":", "\\:", StringComparison.Ordinal);

    private static void WriteFish(TextWriter to)
    {
        to.WriteLine("# fish completion for hammer2(8), made by 'hammer2 completion fish'");
        to.WriteLine("complete -c hammer2 -f");
        to.WriteLine("complete -c hammer2 -n __fish_use_subcommand -l help -s h -d 'explain the program'");
        to.WriteLine("complete -c hammer2 -n __fish_use_subcommand -l version -d 'print the version'");
        foreach (CommandRow row in CommandTable.Visible)
        {
            to.WriteLine($"complete -c hammer2 -n __fish_use_subcommand -a {row.Name} -d '{FishText(row.Summary)}'");
            string when = $"-n '__fish_seen_subcommand_from {string.Join(' ', row.Aliases.Prepend(row.Name))}'";
            if (row.Arguments.Any(argument => argument.Completes != Completion.Nothing))
                to.WriteLine($"complete -c hammer2 {when} -F");
            foreach (string word in row.Arguments.SelectMany(argument => argument.Choices))
                to.WriteLine($"complete -c hammer2 {when} -a {word}");
            foreach (OptionRow option in CommonOptions.AllOf(row))
                to.WriteLine($"complete -c hammer2 {when} {FishOption(option)}");
        }
    }

    private static string FishOption(OptionRow option)
    {
        string form = $"-l {option.Name.TrimStart('-')}";
        if (option.Short is { } name) form += $" -s {name.TrimStart('-')}";
        if (option.ValueName is not null) form += option.Completes == Completion.Nothing ? " -x" : " -r -F";
        if (option.Choices.Length > 0) form += $" -a '{string.Join(' ', option.Choices)}'";
        return $"{form} -d '{FishText(option.Help)}'";
    }

    private static string FishText(string text) => text.Replace("'", "\\'", StringComparison.Ordinal);

    private static string[] Forms(OptionRow option) =>
        option.Short is { } name ? [name, option.Name] : [option.Name];
}
