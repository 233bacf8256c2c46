// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Spectre.Console;

namespace Hammer2.Tool.Output;

/// <summary>A report as text: labelled values, tables, lists of lines.</summary>
internal sealed class TextReport : Report
{
    private const int LabelWidth = 20;

    private readonly TextWriter _to;
    private readonly ByteUnit _unit;
    private readonly List<string[]> _rows = [];
    private readonly List<bool> _isNumeric = [];
    private Column[] _columns = [];
    private int _depth;
    private bool _isEmpty = true;

    /// <summary>Writes to the terminal's standard output, sizes in <paramref name="unit"/>.</summary>
    public TextReport(Terminal terminal, ByteUnit unit)
    {
        _to = terminal.Out;
        _unit = unit;
    }

    private string Indent => new(' ', 2 * _depth);

    /// <inheritdoc/>
    public override void BeginSection(string key, string title)
    {
        if (title.Length == 0) return;
        if (!_isEmpty && _depth == 0) _to.WriteLine();
        _to.WriteLine(Indent + title);
        _isEmpty = false;
        _depth++;
    }

    /// <inheritdoc/>
    public override void EndSection()
    {
        if (_depth > 0) _depth--;
    }

    /// <inheritdoc/>
    public override void Value(string key, string label, Cell value)
    {
        _to.WriteLine(Indent + label.PadRight(LabelWidth) + " " + value.ToText(_unit));
        _isEmpty = false;
    }

    /// <inheritdoc/>
    public override void Detail(string key, Cell value)
    {
    }

    /// <inheritdoc/>
    public override void BeginTable(string key, params Column[] columns)
    {
        _columns = columns;
        _rows.Clear();
        _isNumeric.Clear();
    }

    /// <inheritdoc/>
    public override void Row(params ReadOnlySpan<Cell> cells)
    {
        var row = new List<string>(cells.Length);
        for (int index = 0; index < cells.Length; index++)
        {
            if (_columns[index].Heading.Length == 0) continue;
            if (_isNumeric.Count <= row.Count) _isNumeric.Add(false);
            _isNumeric[row.Count] |= cells[index].IsNumeric;
            row.Add(cells[index].ToText(_unit));
        }
        _rows.Add([.. row]);
    }

    /// <inheritdoc/>
    public override void EndTable()
    {
        if (_rows.Count == 0) return;
        var table = new Table().Border(TableBorder.None);
        int shown = 0;
        foreach (Column column in _columns)
        {
            if (column.Heading.Length == 0) continue;
            var heading = new TableColumn(new Text(column.Heading))
            {
                Padding = new Padding(0, 0, 2, 0),
                NoWrap = true
            };
            if (_isNumeric[shown++]) heading.Alignment = Justify.Right;
            table.AddColumn(heading);
        }
        foreach (string[] row in _rows)
        {
            var cells = new List<Text>(row.Length);
            foreach (string cell in row) cells.Add(new Text(cell));
            table.AddRow(cells);
        }
        Render(table);
        _isEmpty = false;
    }

    /// <inheritdoc/>
    public override void BeginList(string key)
    {
    }

    /// <inheritdoc/>
    public override void BeginEntry(string line) => _to.WriteLine(Indent + line);

    /// <inheritdoc/>
    public override void BeginUntitledEntry()
    {
    }

    /// <inheritdoc/>
    public override Cell Name(string name, string? target) => Cell.Text(target is null ? name : name + " -> " + target);

    /// <inheritdoc/>
    public override void EndEntry()
    {
    }

    /// <inheritdoc/>
    public override void EndList() => _isEmpty = false;

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    // The library wraps cells to the width of a terminal, which neither pipes nor people who widen theirs want.
    private void Render(Table table)
    {
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = short.MaxValue;
        console.Write(table);
        foreach (string line in text.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
            _to.WriteLine((Indent + line).TrimEnd());
    }
}
