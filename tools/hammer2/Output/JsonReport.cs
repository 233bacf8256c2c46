// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hammer2.Tool.Output;

/// <summary>A report as one JSON object, written as it grows. It begins with the version of its format and ends with
/// the errors.</summary>
internal sealed class JsonReport : Report
{
    /// <summary>Version of the format: incremented when a key is removed or changes its meaning, not when one is
    /// added.</summary>
    public const int FormatVersion = 1;

    private const int FlushBytes = 1 << 16;

    private readonly Utf8JsonWriter _json;
    private readonly Terminal _terminal;
    private readonly Stack<bool> _openArrays = new();
    private Column[] _columns = [];

    /// <summary>Writes to the terminal's standard output.</summary>
    public JsonReport(Terminal terminal)
    {
        _terminal = terminal;
        _terminal.Out.Flush();
        _json = new Utf8JsonWriter(terminal.Output, new JsonWriterOptions
        {
            Indented = true,
            // The output is not embedded in HTML, so escape no more than JSON needs.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        });
        _json.WriteStartObject();
        _json.WriteNumber("formatVersion", FormatVersion);
    }

    /// <inheritdoc/>
    public override void BeginSection(string key, string title) => Open(key, isArray: false);

    /// <inheritdoc/>
    public override void EndSection() => Close();

    /// <inheritdoc/>
    public override void Value(string key, string label, Cell value) => Detail(key, value);

    /// <inheritdoc/>
    public override void Detail(string key, Cell value)
    {
        _json.WritePropertyName(key);
        value.WriteTo(_json);
    }

    /// <inheritdoc/>
    public override void BeginTable(string key, params Column[] columns)
    {
        _columns = columns;
        Open(key, isArray: true);
    }

    /// <inheritdoc/>
    public override void Row(params ReadOnlySpan<Cell> cells)
    {
        _json.WriteStartObject();
        for (int index = 0; index < cells.Length; index++) Detail(_columns[index].Key, cells[index]);
        _json.WriteEndObject();
        FlushWhenFull();
    }

    /// <inheritdoc/>
    public override void EndTable() => Close();

    /// <inheritdoc/>
    public override void BeginList(string key) => Open(key, isArray: true);

    /// <inheritdoc/>
    public override void BeginEntry(string line) => BeginUntitledEntry();

    /// <inheritdoc/>
    public override void BeginUntitledEntry()
    {
        _json.WriteStartObject();
        _openArrays.Push(false);
    }

    /// <inheritdoc/>
    public override Cell Name(string name, string? target) => Cell.Text(name);

    /// <inheritdoc/>
    public override void EndEntry()
    {
        Close();
        FlushWhenFull();
    }

    /// <inheritdoc/>
    public override void EndList() => Close();

    /// <inheritdoc/>
    public override void Dispose()
    {
        // Close all parts also when the command ends early.
        while (_openArrays.Count > 0) Close();
    }

    /// <summary>Ends the document. Nothing can be written after that.</summary>
    /// <param name="errors">The errors in the order in which they were found.</param>
    public void Complete(IReadOnlyList<string> errors)
    {
        _json.WriteStartArray("errors");
        foreach (string error in errors) _json.WriteStringValue(error);
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        _json.Dispose();
        _terminal.Output.Write("\n"u8);
    }

    private void Open(string key, bool isArray)
    {
        if (isArray) _json.WriteStartArray(key);
        else _json.WriteStartObject(key);
        _openArrays.Push(isArray);
    }

    private void Close()
    {
        if (_openArrays.Pop()) _json.WriteEndArray();
        else _json.WriteEndObject();
    }

    private void FlushWhenFull()
    {
        if (_json.BytesPending >= FlushBytes) _json.Flush();
    }
}
