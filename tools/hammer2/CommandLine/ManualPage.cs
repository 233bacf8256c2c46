// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Linq;

namespace Hammer2.Tool.CommandLine;

/// <summary>The manual page hammer2(8), generated from the command table, in roff with man macros.</summary>
internal static class ManualPage
{
    /// <summary>Writes the page.</summary>
    public static void Write(TextWriter to)
    {
        to.WriteLine($".TH HAMMER2 8 \"\" \"{Escape(Dispatcher.Version)}\" \"System administration\"");
        to.WriteLine(".SH NAME");
        to.WriteLine("hammer2 \\- mount, read and examine HAMMER2 volumes");
        to.WriteLine(".SH SYNOPSIS");
        foreach (CommandRow row in CommandTable.Visible)
        {
            WriteSynopsis(to, "hammer2 " + row.Name, row);
            foreach (string name in row.ProgramNames) WriteSynopsis(to, name, row);
        }
        to.WriteLine(".SH DESCRIPTION");
        to.WriteLine("A volume is named");
        to.WriteLine(".IR DEVICE [: DEVICE ...][@ LABEL ],");
        to.WriteLine(Escape("where the devices are the block devices or image files of one filesystem, in any "
            + "order, and the label is that of a PFS on it: DATA unless given."));
        to.WriteLine(".PP");
        to.WriteLine(Escape("Names of files are arbitrary bytes. In the output, bytes that are not part of a printable "
            + "UTF-8 character appear as \\xHH and a backslash as \\\\; paths on the command line are read the same way."));
        foreach (IGrouping<CommandGroup, CommandRow> group in CommandTable.Visible.GroupBy(row => row.Group))
        {
            to.WriteLine($".SH \"{Escape(HelpText.Heading(group.Key).ToUpperInvariant())}\"");
            foreach (CommandRow row in group) WriteCommand(to, row);
        }
        WriteMountOptions(to);
        WriteCommonOptions(to);
        to.WriteLine(".SH \"EXIT STATUS\"");
        foreach (ExitCodeRow code in CommonOptions.ExitCodes) WriteExitCode(to, code);
        to.WriteLine(".SH \"SEE ALSO\"");
        to.WriteLine(".BR mount (8),");
        to.WriteLine(".BR fusermount3 (1),");
        to.WriteLine(".BR fstab (5)");
    }

    private static void WriteSynopsis(TextWriter to, string words, CommandRow row)
    {
        to.WriteLine($".B {Escape(words)}");
        foreach (ArgumentRow argument in row.Arguments)
        {
            string word = Escape(argument.Name) + (argument.Repeats ? "..." : "");
            to.WriteLine(argument.IsOptional ? $"[\\fI{word}\\fR]" : $".I {word}");
        }
        to.WriteLine("[\\fIoptions\\fR]");
        to.WriteLine(".br");
    }

    private static void WriteCommand(TextWriter to, CommandRow row)
    {
        to.WriteLine($".SS \"{Escape(HelpText.Synopsis(row))}\"");
        to.WriteLine(Escape(HelpText.Sentence(row.Summary)));
        foreach (string paragraph in HelpText.Paragraphs(row.Description))
        {
            to.WriteLine(".PP");
            to.WriteLine(Escape(paragraph));
        }
        foreach (ArgumentRow argument in row.Arguments) WriteItem(to, $"\\fI{Escape(argument.Name)}\\fR",
            argument.Help);
        foreach (OptionRow option in row.Options)
            WriteItem(to, $"\\fB{Escape(HelpText.Usage(option))}\\fR", HelpText.Explain(option));
        if (row.ExitCodes.Length > 0)
        {
            to.WriteLine(".PP");
            to.WriteLine("Exit codes:");
            foreach (ExitCodeRow code in row.ExitCodes) WriteExitCode(to, code);
        }
        foreach (ExampleRow example in row.Examples)
        {
            to.WriteLine(".PP");
            to.WriteLine(Escape(HelpText.Sentence(example.Meaning)));
            to.WriteLine(".PP");
            to.WriteLine(".RS 4");
            to.WriteLine(".nf");
            to.WriteLine(Escape(example.CommandLine));
            to.WriteLine(".fi");
            to.WriteLine(".RE");
        }
    }

    private static void WriteMountOptions(TextWriter to)
    {
        to.WriteLine(".SH \"MOUNT OPTIONS\"");
        to.WriteLine(Escape("Options after -o, and in the fourth field of fstab(5), are separated by commas; a comma "
            + "within a value is written with a backslash before it. Sizes may end in K, M, G or T."));
        foreach (MountOptionRow option in MountOptionTable.All)
            WriteItem(to, $"\\fB{Escape(option.Usage)}\\fR", option.Help);
    }

    private static void WriteCommonOptions(TextWriter to)
    {
        to.WriteLine(".SH \"COMMON OPTIONS\"");
        OptionRow[] common =
        [
            CommonOptions.Json, CommonOptions.Iec, CommonOptions.Si, CommonOptions.Raw,
            CommonOptions.LogLevel, CommonOptions.Help,
        ];
        foreach (OptionRow option in common)
            WriteItem(to, $"\\fB{Escape(HelpText.Usage(option))}\\fR", HelpText.Explain(option));
        WriteItem(to, "\\fB" + Escape("--version") + "\\fR", "print the version of the program");
    }

    private static void WriteExitCode(TextWriter to, ExitCodeRow code) =>
        WriteItem(to, $"\\fB{code.Code.ToString(CultureInfo.InvariantCulture)}\\fR", code.Meaning);

    private static void WriteItem(TextWriter to, string tag, string text)
    {
        to.WriteLine(".TP");
        to.WriteLine(tag);
        to.WriteLine(Escape(HelpText.Sentence(text)));
    }

    // roff interprets a dot or an apostrophe at the start of a line as a request, and a bare hyphen as typographic.
    private static string Escape(string text)
    {
        string escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-",
            StringComparison.Ordinal);
        return escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" + escaped : escaped;
    }
}
