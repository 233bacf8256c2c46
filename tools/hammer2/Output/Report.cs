// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Output;

/// <summary>
/// The output of a command: text and JSON are made by the same calls. Keys are camelCase and are not changed once
/// published; labels may change.
/// </summary>
internal abstract class Report : IDisposable
{
    /// <summary>Begins a section with a title; an object in JSON.</summary>
    public abstract void BeginSection(string key, string title);

    /// <summary>Ends the innermost section.</summary>
    public abstract void EndSection();

    /// <summary>Writes one value.</summary>
    public abstract void Value(string key, string label, Cell value);

    /// <summary>Writes one value in JSON only.</summary>
    public abstract void Detail(string key, Cell value);

    /// <summary>Begins a table; an array of objects in JSON.</summary>
    public abstract void BeginTable(string key, params Column[] columns);

    /// <summary>Writes one row, a cell for each column.</summary>
    public abstract void Row(params ReadOnlySpan<Cell> cells);

    /// <summary>Ends the table.</summary>
    public abstract void EndTable();

    /// <summary>Begins a list of lines; an array of objects in JSON.</summary>
    public abstract void BeginList(string key);

    /// <summary>
    /// Begins one entry of a list: a line of text; in JSON the values of the object follow as details, up to
    /// <see cref="EndEntry"/>.
    /// </summary>
    public abstract void BeginEntry(string line);

    /// <summary>Begins one entry without a line of text.</summary>
    public abstract void BeginUntitledEntry();

    /// <summary>
    /// The name of a symbolic link: with its target in text, without it in JSON, where the target is a separate value.
    /// </summary>
    public abstract Cell Name(string name, string? target);

    /// <summary>Ends the entry.</summary>
    public abstract void EndEntry();

    /// <summary>Ends the list.</summary>
    public abstract void EndList();

    /// <summary>Closes all open parts of the report. JSON is complete once the errors were added.</summary>
    public abstract void Dispose();
}

/// <summary>A column of a table.</summary>
/// <param name="Key">The name of the value in JSON.</param>
/// <param name="Heading">The heading in text; empty for a column in JSON only.</param>
internal readonly record struct Column(string Key, string Heading);
