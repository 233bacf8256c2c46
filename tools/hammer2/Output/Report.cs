// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Output;

/// <summary>
/// What a command found, said once: text for people and JSON for programs come from the same calls. Keys are
/// camelCase and stay as they are once published; labels may change.
/// </summary>
internal abstract class Report : IDisposable
{
    /// <summary>Begins a part that has a title; an object in JSON.</summary>
    public abstract void BeginSection(string key, string title);

    /// <summary>Ends the innermost section.</summary>
    public abstract void EndSection();

    /// <summary>One value.</summary>
    public abstract void Value(string key, string label, Cell value);

    /// <summary>One value that only programs want.</summary>
    public abstract void Detail(string key, Cell value);

    /// <summary>Begins a table; an array of objects in JSON.</summary>
    public abstract void BeginTable(string key, params Column[] columns);

    /// <summary>One row, a cell for each column.</summary>
    public abstract void Row(params ReadOnlySpan<Cell> cells);

    /// <summary>Ends the table.</summary>
    public abstract void EndTable();

    /// <summary>Begins a list of lines; an array of objects in JSON.</summary>
    public abstract void BeginList(string key);

    /// <summary>
    /// One entry of a list as a line for people; the values of the object follow as details, up to
    /// <see cref="EndEntry"/>.
    /// </summary>
    public abstract void BeginEntry(string line);

    /// <summary>One entry without a line of its own.</summary>
    public abstract void BeginUntitledEntry();

    /// <summary>
    /// The name of a symbolic link: with its target for people, without it for programs, which have it apart.
    /// </summary>
    public abstract Cell Name(string name, string? target);

    /// <summary>Ends the entry.</summary>
    public abstract void EndEntry();

    /// <summary>Ends the list.</summary>
    public abstract void EndList();

    /// <summary>Closes the report and whatever is still open in it; what was written is complete from here
    /// on.</summary>
    public abstract void Dispose();
}

/// <summary>A column of a table.</summary>
/// <param name="Key">The name of the value in JSON.</param>
/// <param name="Heading">The heading in text; empty for a column that only programs want.</param>
internal readonly record struct Column(string Key, string Heading);
