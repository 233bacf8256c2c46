// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Text;
using Linux.Text;

namespace Hammer2.Tool.Output;

/// <summary>A report as text: labelled values, tables, lists of lines.</summary>
internal sealed class TextReport : Report
{
    private const int LabelWidth = 20;
    private const int ColumnGap = 2;

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
        _to.WriteLine(Indent + ByteText.ToPrintable(title));
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
        var headings = new List<string>(_columns.Length);
        foreach (Column column in _columns)
        {
            if (column.Heading.Length > 0) headings.Add(column.Heading);
        }
        _rows.Insert(0, [.. headings]);
        var widths = new int[headings.Count];
        foreach (string[] row in _rows)
        {
            for (int index = 0; index < row.Length; index++)
                widths[index] = Math.Max(widths[index], WidthOf(row[index]));
        }
        foreach (string[] row in _rows) WriteRow(row, widths);
        _isEmpty = false;
    }

    /// <inheritdoc/>
    public override void BeginList(string key)
    {
    }

    /// <inheritdoc/>
    public override void BeginEntry(string line) => _to.WriteLine(Indent + ByteText.ToPrintable(line));

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

    // Lines are not wrapped to the width of the terminal: output may go to a pipe.
    private void WriteRow(string[] row, int[] widths)
    {
        var line = new StringBuilder(Indent);
        for (int index = 0; index < row.Length; index++)
        {
            int blanks = widths[index] - WidthOf(row[index]);
            if (_isNumeric[index]) line.Append(' ', blanks).Append(row[index]);
            else line.Append(row[index]).Append(' ', blanks);
            line.Append(' ', ColumnGap);
        }
        _to.WriteLine(line.ToString().TrimEnd());
    }

    // In code points, not in UTF-16 units.
    private static int WidthOf(string cell)
    {
        int width = 0;
        foreach (Rune _ in cell.EnumerateRunes()) width++;
        return width;
    }
}
