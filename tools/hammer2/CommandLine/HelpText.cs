// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace Hammer2.Tool.CommandLine;

/// <summary>Help texts, generated from the command table.</summary>
internal static class HelpText
{
    private const int TextWidth = 100;
    private const int NameWidth = 26;

    /// <summary>The heading of a group of commands.</summary>
    public static string Heading(CommandGroup group) => group switch
    {
        CommandGroup.Mounting => "Mounting",
        CommandGroup.Files => "Files, without mounting",
        CommandGroup.Media => "Volumes and media",
        _ => "The program",
    };

    /// <summary>Writes all commands, one per line.</summary>
    public static void WriteOverview(TextWriter to)
    {
        to.WriteLine("usage: hammer2 COMMAND [ARGUMENTS] [OPTIONS]");
        to.WriteLine("       hammer2 COMMAND --help");
        foreach (IGrouping<CommandGroup, CommandRow> group in CommandTable.Visible.GroupBy(row => row.Group))
        {
            to.WriteLine();
            to.WriteLine(Heading(group.Key) + ":");
            foreach (CommandRow row in group) WriteEntry(to, row.Name, row.Summary);
        }
        to.WriteLine();
        to.WriteLine("A volume is named DEVICE[:DEVICE...][@LABEL]: all devices of one volume set, and the label of");
        to.WriteLine("a PFS (DATA unless given). 'hammer2 man' prints the manual page.");
    }

    /// <summary>Writes the complete help of one command.</summary>
    public static void Write(CommandRow row, TextWriter to)
    {
        to.WriteLine("usage: hammer2 " + Synopsis(row));
        foreach (string name in row.ProgramNames) to.WriteLine("       " + name + Synopsis(row)[row.Name.Length..]);
        to.WriteLine();
        to.WriteLine(Sentence(row.Summary));
        foreach (string paragraph in Paragraphs(row.Description))
        {
            to.WriteLine();
            WriteWrapped(to, paragraph, indent: 0, column: 0);
        }
        if (row.Arguments.Length > 0) to.WriteLine();
        foreach (ArgumentRow argument in row.Arguments) WriteEntry(to, argument.Name, argument.Help);

        to.WriteLine();
        to.WriteLine("Options:");
        foreach (OptionRow option in CommonOptions.AllOf(row)) WriteEntry(to, Usage(option), Explain(option));
        if (row.Examples.Length > 0)
        {
            to.WriteLine();
            to.WriteLine("Examples:");
            foreach (ExampleRow example in row.Examples)
            {
                to.WriteLine("  " + example.CommandLine);
                to.WriteLine("      " + example.Meaning);
            }
        }
        to.WriteLine();
        to.WriteLine("Exit codes:");
        foreach (ExitCodeRow code in ExitCodes(row)) WriteEntry(to, code.Code.ToString(null, null), code.Meaning);
    }

    /// <summary>The command with its arguments.</summary>
    public static string Synopsis(CommandRow row)
    {
        var text = new StringBuilder(row.Name);
        foreach (ArgumentRow argument in row.Arguments)
        {
            string word = argument.Name + (argument.Repeats ? "..." : "");
            text.Append(' ').Append(argument.IsOptional ? $"[{word}]" : word);
        }
        return text.Append(" [OPTIONS]").ToString();
    }

    /// <summary>Both forms of an option, with the name of its value.</summary>
    public static string Usage(OptionRow option)
    {
        string both = option.Short is null ? option.Name : $"{option.Short}, {option.Name}";
        return option.ValueName is null ? both : $"{both} {option.ValueName}";
    }

    /// <summary>The help of an option, with its allowed values.</summary>
    public static string Explain(OptionRow option) =>
        option.Choices.Length == 0 ? option.Help : $"{option.Help}: {string.Join(", ", option.Choices)}";

    /// <summary>The exit codes of a command.</summary>
    public static ExitCodeRow[] ExitCodes(CommandRow row) =>
        row.ExitCodes.Length > 0 ? row.ExitCodes : CommonOptions.ExitCodes;

    /// <summary>The paragraphs of a description, each on one line.</summary>
    public static IEnumerable<string> Paragraphs(string description) => description
        .ReplaceLineEndings("\n")
        .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        .Select(paragraph => paragraph.Replace('\n', ' ').Trim());

    /// <summary>Converts a line to a sentence: a capital letter at the start and a full stop.</summary>
    public static string Sentence(string line) => char.ToUpperInvariant(line[0]) + line[1..] + ".";

    private static void WriteEntry(TextWriter to, string name, string help)
    {
        to.Write("  " + name.PadRight(NameWidth - 2));
        if (name.Length > NameWidth - 4)
        {
            to.WriteLine();
            to.Write(new string(' ', NameWidth));
        }
        WriteWrapped(to, help, NameWidth, NameWidth);
    }

    private static void WriteWrapped(TextWriter to, string text, int indent, int column)
    {
        bool isFirst = true;
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!isFirst && column + 1 + word.Length > TextWidth)
            {
                to.WriteLine();
                to.Write(new string(' ', indent));
                column = indent;
                isFirst = true;
            }
            if (!isFirst)
            {
                to.Write(' ');
                column++;
            }
            to.Write(word);
            column += word.Length;
            isFirst = false;
        }
        to.WriteLine();
    }
}
