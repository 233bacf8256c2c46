// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Xml;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Html;

/// <summary>A report as one page of HTML that needs nothing else: no script, no other file, no network.</summary>
/// <remarks>Every text is made printable and then escaped by the writer of XML, which also keeps elements balanced; the
/// policy in the page's head forbids scripts and all that would be loaded.</remarks>
internal sealed class HtmlReport : Report
{
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'";

    private readonly XmlWriter _xml;
    private readonly ByteUnit _unit;
    private string _table = "";
    private Column[] _columns = [];
    private bool _isInTable;
    private bool _isInValues;

    /// <summary>Begins the page.</summary>
    /// <param name="to">Receives it; stays open.</param>
    /// <param name="title">Its title.</param>
    /// <param name="summary">A line below the title.</param>
    /// <param name="unit">The unit of sizes.</param>
    public HtmlReport(Stream to, string title, string summary, ByteUnit unit)
    {
        _unit = unit;
        to.Write("<!DOCTYPE html>\n"u8);
        _xml = XmlWriter.Create(to, new XmlWriterSettings
        {
            OmitXmlDeclaration = true,
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            NewLineHandling = NewLineHandling.None,
        });
        _xml.WriteStartElement("html");
        _xml.WriteAttributeString("lang", "en");
        WriteHead(title);
        _xml.WriteStartElement("body");
        _xml.WriteStartElement("main");
        Element("h1", title);
        Element("p", summary);
    }

    /// <inheritdoc/>
    public override void BeginSection(string key, string title)
    {
        EndValues();
        _xml.WriteRaw("\n");
        _xml.WriteStartElement("section");
        if (title.Length == 0) return;
        _xml.WriteAttributeString("aria-labelledby", key);
        _xml.WriteStartElement("h2");
        _xml.WriteAttributeString("id", key);
        _xml.WriteString(ByteText.ToPrintable(title));
        _xml.WriteFullEndElement();
    }

    /// <inheritdoc/>
    public override void EndSection()
    {
        EndValues();
        _xml.WriteFullEndElement();
    }

    /// <inheritdoc/>
    public override void Value(string key, string label, Cell value)
    {
        if (!_isInValues) _xml.WriteStartElement("dl");
        _isInValues = true;
        Element("dt", label);
        Element("dd", value.ToText(_unit));
    }

    /// <inheritdoc/>
    public override void Detail(string key, Cell value)
    {
    }

    /// <inheritdoc/>
    public override void BeginTable(string key, params Column[] columns)
    {
        EndValues();
        (_table, _columns) = (key, columns);
    }

    /// <inheritdoc/>
    public override void Row(params ReadOnlySpan<Cell> cells)
    {
        if (!_isInTable) BeginRows();
        _xml.WriteStartElement("tr");
        for (int column = 0; column < cells.Length; column++)
        {
            if (_columns[column].Heading.Length == 0) continue;
            _xml.WriteStartElement("td");
            if (cells[column].IsNumeric) _xml.WriteAttributeString("class", "n");
            _xml.WriteString(cells[column].ToText(_unit));
            _xml.WriteFullEndElement();
        }
        _xml.WriteFullEndElement();
    }

    /// <inheritdoc/>
    public override void EndTable()
    {
        if (!_isInTable) return;
        _xml.WriteFullEndElement();
        _xml.WriteFullEndElement();
        _xml.WriteFullEndElement();
        _isInTable = false;
    }

    /// <inheritdoc/>
    public override void BeginList(string key)
    {
    }

    /// <inheritdoc/>
    public override void BeginEntry(string line)
    {
        EndValues();
        Element("h3", line);
    }

    /// <inheritdoc/>
    public override void BeginUntitledEntry()
    {
    }

    /// <inheritdoc/>
    public override Cell Name(string name, string? target) =>
        Cell.Text(target is null ? name : $"{name} -> {target}");

    /// <inheritdoc/>
    public override void EndEntry() => EndValues();

    /// <inheritdoc/>
    public override void EndList()
    {
    }

    /// <summary>Writes a paragraph.</summary>
    public void Note(string text)
    {
        EndValues();
        Element("p", text);
    }

    /// <summary>Writes a picture.</summary>
    /// <param name="caption">What it shows.</param>
    /// <param name="svg">Writes an element svg, with its texts escaped.</param>
    public void Figure(string caption, Action<TextWriter> svg)
    {
        EndValues();
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        svg(text);
        _xml.WriteStartElement("figure");
        _xml.WriteRaw(text.ToString());
        Element("figcaption", caption);
        _xml.WriteFullEndElement();
    }

    /// <summary>Ends the page.</summary>
    public override void Dispose()
    {
        EndTable();
        EndValues();
        _xml.WriteEndDocument();
        _xml.Dispose();
    }

    private void WriteHead(string title)
    {
        _xml.WriteStartElement("head");
        Meta("charset", "utf-8");
        _xml.WriteStartElement("meta");
        _xml.WriteAttributeString("http-equiv", "Content-Security-Policy");
        _xml.WriteAttributeString("content", Policy);
        _xml.WriteEndElement();
        _xml.WriteStartElement("meta");
        _xml.WriteAttributeString("name", "viewport");
        _xml.WriteAttributeString("content", "width=device-width, initial-scale=1");
        _xml.WriteEndElement();
        Element("title", title);
        Element("style", PageStyle.Text);
        _xml.WriteFullEndElement();
    }

    private void Meta(string name, string value)
    {
        _xml.WriteStartElement("meta");
        _xml.WriteAttributeString(name, value);
        _xml.WriteEndElement();
    }

    private void BeginRows()
    {
        _isInTable = true;
        _xml.WriteStartElement("div");
        _xml.WriteAttributeString("class", "wide");
        _xml.WriteStartElement("table");
        Element("caption", CaptionOf(_table));
        _xml.WriteStartElement("tbody");
        _xml.WriteStartElement("tr");
        foreach (Column column in _columns)
        {
            if (column.Heading.Length == 0) continue;
            _xml.WriteStartElement("th");
            _xml.WriteAttributeString("scope", "col");
            _xml.WriteString(ByteText.ToPrintable(column.Heading));
            _xml.WriteFullEndElement();
        }
        _xml.WriteFullEndElement();
    }

    private void EndValues()
    {
        if (_isInValues) _xml.WriteFullEndElement();
        _isInValues = false;
    }

    private void Element(string name, string text)
    {
        _xml.WriteStartElement(name);
        _xml.WriteString(ByteText.ToPrintable(text));
        _xml.WriteFullEndElement();
    }

    // Keys are camelCase words.
    private static string CaptionOf(string key)
    {
        var words = new List<char>();
        foreach (char letter in key)
        {
            if (char.IsAsciiLetterUpper(letter)) words.Add(' ');
            words.Add(words.Count == 0 ? char.ToUpperInvariant(letter) : char.ToLowerInvariant(letter));
        }
        return new string([.. words]);
    }
}
