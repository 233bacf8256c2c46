// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Manuals;

/// <summary>Writes a manual page in roff with the macros of man(7).</summary>
internal sealed class RoffWriter
{
    private readonly TextWriter _to;

    /// <summary>A page that is written somewhere.</summary>
    public RoffWriter(TextWriter to) => _to = to;

    /// <summary>Writes the title and the section NAME.</summary>
    /// <param name="page">The page.</param>
    /// <param name="version">Name and version of the program.</param>
    public void Begin(ManualPageRow page, string version)
    {
        string section = page.Section.ToString(CultureInfo.InvariantCulture);
        string volume = page.Section == ManualPageRow.FormatSection ? "File formats" : "System administration";
        _to.WriteLine($".TH {Escape(page.Name.ToUpperInvariant())} {section} \"\" \"{Escape(version)}\" \"{volume}\"");
        // Lines are neither hyphenated nor adjusted: paths and options are copied from pages.
        _to.WriteLine(".nh");
        _to.WriteLine(".ad l");
        Heading("NAME");
        _to.WriteLine($"{Escape(string.Join(", ", [page.Name, .. page.OtherNames]))} \\- {Escape(page.Summary)}");
    }

    /// <summary>Begins a section.</summary>
    public void Heading(string title) => _to.WriteLine($".SH \"{Escape(title)}\"");

    /// <summary>Begins a part of a section.</summary>
    public void SubHeading(string title) => _to.WriteLine($".SS \"{Escape(title)}\"");

    /// <summary>Writes text that follows a heading.</summary>
    public void Text(string text) => _to.WriteLine(Escape(text));

    /// <summary>Writes a paragraph.</summary>
    public void Paragraph(string text)
    {
        _to.WriteLine(".PP");
        Text(text);
    }

    /// <summary>Writes paragraphs, which an empty line separates.</summary>
    public void Paragraphs(string text)
    {
        foreach (string paragraph in HelpText.Paragraphs(text)) Paragraph(paragraph);
    }

    /// <summary>Writes an entry of a list.</summary>
    /// <param name="tag">What is explained, in bold.</param>
    /// <param name="text">One line without a full stop.</param>
    public void Item(string tag, string text) => ItemWithTag($"\\fB{Escape(tag)}\\fR", text);

    /// <summary>Writes an entry of a list whose name stands for a value, in italics.</summary>
    public void ValueItem(string tag, string text) => ItemWithTag($"\\fI{Escape(tag)}\\fR", text);

    /// <summary>Writes a line as it is, after its meaning.</summary>
    public void Example(string meaning, string line)
    {
        Paragraph(HelpText.Sentence(meaning));
        _to.WriteLine(".PP");
        _to.WriteLine(".RS 4");
        _to.WriteLine(".nf");
        foreach (string part in line.Split('\n')) Text(part);
        _to.WriteLine(".fi");
        _to.WriteLine(".RE");
    }

    /// <summary>Writes how a command is called.</summary>
    public void Synopsis(string words, CommandRow row)
    {
        _to.WriteLine($".B {Escape(words)}");
        foreach (ArgumentRow argument in row.Arguments)
        {
            string word = Escape(argument.Name) + (argument.Repeats ? "..." : "");
            _to.WriteLine(argument.IsOptional ? $"[\\fI{word}\\fR]" : $".I {word}");
        }
        _to.WriteLine("[\\fIoptions\\fR]");
        _to.WriteLine(".br");
    }

    /// <summary>Writes the arguments and options of a command.</summary>
    public void Options(CommandRow row, OptionRow[] options)
    {
        foreach (ArgumentRow argument in row.Arguments) ValueItem(argument.Name, argument.Help);
        foreach (OptionRow option in options) Item(HelpText.Usage(option), HelpText.Explain(option));
    }

    /// <summary>Writes exit codes.</summary>
    public void ExitCodes(ExitCodeRow[] codes)
    {
        foreach (ExitCodeRow code in codes) Item(code.Code.ToString(CultureInfo.InvariantCulture), code.Meaning);
    }

    /// <summary>Writes the section SEE ALSO.</summary>
    /// <param name="pages">Other pages, as NAME(SECTION).</param>
    public void SeeAlso(params string[] pages)
    {
        Heading("SEE ALSO");
        for (int index = 0; index < pages.Length; index++)
        {
            int section = pages[index].IndexOf('(', StringComparison.Ordinal);
            string comma = index == pages.Length - 1 ? "" : ",";
            _to.WriteLine($".BR {Escape(pages[index][..section])} {pages[index][section..]}{comma}");
        }
    }

    /// <summary>Writes a page that stands for another one.</summary>
    public void Link(ManualPageRow to) => _to.WriteLine($".so {to.Path}");

    /// <summary>Copies lines that are in roff.</summary>
    public void Copy(string lines) => _to.Write(lines);

    private void ItemWithTag(string tag, string text)
    {
        _to.WriteLine(".TP");
        _to.WriteLine(tag);
        Text(HelpText.Sentence(text));
    }

    // roff interprets a dot or an apostrophe at the start of a line as a request, and a bare hyphen as typographic.
    private static string Escape(string text)
    {
        string escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-",
            StringComparison.Ordinal);
        return escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" + escaped : escaped;
    }
}
