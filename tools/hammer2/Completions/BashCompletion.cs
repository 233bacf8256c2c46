// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Completions;

/// <summary>The completion script for bash.</summary>
internal static class BashCompletion
{
    // Words are taken from the line, because bash splits COMP_WORDS at @, : and = as well. Of a candidate it replaces only
    // what follows the last of these.
    private const string Head = """
        # bash completion for hammer2(8), made by 'hammer2 completion bash'
        _hammer2() {
            local line=${COMP_LINE:0:COMP_POINT} options='' words='' files='' dynamic='' first='' command='' start=1
            local -a tokens found=()
            read -ra tokens <<<"$line"
            [[ $line == *[[:space:]] ]] && tokens+=('')
            local count=${#tokens[@]} program=${tokens[0]##*/} index
            local word=${tokens[count-1]} previous=${tokens[count-2]}
            if [ "$program" = hammer2 ]; then
                start=2 command=${tokens[1]}
        """;

    private const string Tail = """
            for ((index = start; index < count - 1; index++)); do
                if [[ ${tokens[index]} != -* ]]; then first=${tokens[index]}; break; fi
            done
            case $word in
                -*) mapfile -t found < <(compgen -W "$options" -- "$word") ;;
                *@*) [ -n "$files$dynamic" ] && mapfile -t found < <(hammer2 complete volume -- "$word" 2>/dev/null) ;;
            esac
            if [ "$dynamic" = mount-options ]; then
                mapfile -t found < <(hammer2 complete mount-options -- "$word" 2>/dev/null)
                [ "${#found[@]}" -eq 1 ] && [[ ${found[0]} == *= ]] && compopt -o nospace 2>/dev/null
            elif [ "$dynamic" = label ] && [ -n "$first" ]; then
                mapfile -t -O "${#found[@]}" found < <(hammer2 complete label -- "$word" "$first" 2>/dev/null)
            fi
            if [[ $word != -* ]] && [ "$dynamic" != mount-options ]; then
                # shellcheck disable=SC2086
                mapfile -t -O "${#found[@]}" found < <(compgen -W "$words" $files -- "$word")
            fi
            local breaks=${COMP_WORDBREAKS//[^@:=]/} kept=''
            [ -n "$breaks" ] && [[ $word == *[$breaks]* ]] && kept=${word%"${word##*[$breaks]}"}
            COMPREPLY=("${found[@]#"$kept"}")
        }
        """;

    /// <summary>Writes it.</summary>
    public static void Write(TextWriter to)
    {
        to.WriteLine(Head);
        string names = string.Join(' ', CommandTable.Visible.Select(row => row.Name));
        to.WriteLine("        if [ \"$count\" -le 2 ]; then");
        to.WriteLine($"            mapfile -t COMPREPLY < <(compgen -W '{names} --help --version' -- \"$word\")");
        to.WriteLine("            return");
        to.WriteLine("        fi");
        to.WriteLine("    fi");
        to.WriteLine("    case $program in");
        foreach (CommandRow row in CommandTable.Visible.Where(row => row.ProgramNames.Length > 0))
            to.WriteLine($"        {string.Join('|', row.ProgramNames)}) command={row.Name} ;;");
        to.WriteLine("    esac");
        to.WriteLine("    case $command in");
        foreach (CommandRow row in CommandTable.Visible) WriteCommand(to, row);
        to.WriteLine("    esac");
        to.WriteLine(Tail);
        to.WriteLine($"complete -o filenames -F _hammer2 hammer2 {string.Join(' ', ShellCompletion.Programs)}".TrimEnd());
    }

    private static void WriteCommand(TextWriter to, CommandRow row)
    {
        OptionRow[] options = CommonOptions.AllOf(row);
        to.WriteLine($"        {string.Join('|', row.Aliases.Prepend(row.Name))})");
        to.WriteLine($"            options='{string.Join(' ', options.SelectMany(ShellCompletion.Forms))}'");
        if (row.Arguments.Any(argument => ShellCompletion.IsFile(argument.Completes))) to.WriteLine("            files=-f");
        if (row.Arguments.Any(argument => argument.Completes == Completion.Label))
            to.WriteLine("            dynamic=label");
        string[] words = [.. row.Arguments.SelectMany(argument => argument.Choices)];
        if (words.Length > 0) to.WriteLine($"            words='{string.Join(' ', words)}'");
        to.WriteLine("            case $previous in");
        foreach (OptionRow option in options.Where(option => option.ValueName is not null))
            to.WriteLine($"                {string.Join('|', ShellCompletion.Forms(option))}) {ValuesOf(option)} ;;");
        to.WriteLine("            esac");
        to.WriteLine("            ;;");
    }

    private static string ValuesOf(OptionRow option) => (option.Choices.Length, option.Completes) switch
    {
        ( > 0, _) => $"words='{string.Join(' ', option.Choices)}' files='' dynamic=''",
        (_, Completion.MountOptions) => "words='' files='' dynamic=mount-options",
        (_, Completion.Label) => "words='' files='' dynamic=label",
        (_, Completion.Nothing) => "words='' files='' dynamic=''",
        _ => "words='' files=-f dynamic=''",
    };
}
