// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using Linux.Text;

namespace Hammer2.Fuse.Administration;

/// <summary>A request as written to the control file: a line <c>name key=value ...</c>, or a flat JSON object with the
/// name as <c>request</c>.</summary>
/// <param name="Name">The name of the request.</param>
/// <param name="Values">Names and values of its arguments. The name is empty for a word of the line without '=', which
/// is the value of the first parameter.</param>
/// <param name="IsJson">True when it was JSON, and the answer is to be.</param>
internal sealed record ControlRequestText(string Name, IReadOnlyList<KeyValuePair<string, string>> Values, bool IsJson)
{
    /// <summary>The longest request in bytes: less than the shortest part into which the kernel splits a longer
    /// write.</summary>
    public const int BytesMax = 4000;

    private const int ValuesMax = 16;

    /// <summary>Reads a request.</summary>
    /// <param name="bytes">What was written.</param>
    /// <param name="request">The request; null when it is malformed.</param>
    /// <param name="isJson">True when it was meant as JSON.</param>
    /// <returns>Null; or why it is malformed.</returns>
    public static string? Parse(ReadOnlySpan<byte> bytes, out ControlRequestText? request, out bool isJson)
    {
        request = null;
        isJson = bytes.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];
        if (bytes.Length > BytesMax) return $"a request has at most {BytesMax} bytes";
        return isJson ? ParseJson(bytes, out request) : ParseLine(bytes, out request);
    }

    private static string? ParseLine(ReadOnlySpan<byte> bytes, out ControlRequestText? request)
    {
        request = null;
        bytes = bytes.TrimEnd("\r\n"u8);
        if (bytes.ContainsAny("\0\r\n"u8)) return "a request is one line without NUL";
        var words = new List<string>();
        if (WordSplitter.Split(ByteText.Decode(bytes), words) is { } fault) return fault;
        if (words.Count == 0) return "it is empty";
        if (words.Count - 1 > ValuesMax) return "it has too many arguments";
        var values = new List<KeyValuePair<string, string>>();
        foreach (string word in words[1..])
        {
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0) return $"{word}: a name is missing";
            values.Add(equals < 0 ? new("", word) : new(word[..equals], word[(equals + 1)..]));
        }
        request = new ControlRequestText(words[0], values, IsJson: false);
        return null;
    }

    private static string? ParseJson(ReadOnlySpan<byte> bytes, out ControlRequestText? request)
    {
        request = null;
        try
        {
            var reader = new Utf8JsonReader(bytes);
            string? name = null;
            var values = new List<KeyValuePair<string, string>>();
            _ = reader.Read();          // the brace
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string key = reader.GetString()!;
                _ = reader.Read();
                if (ValueOf(ref reader) is not { } value) return $"{key}: neither text nor number nor true nor false";
                if (key == "request")
                {
                    if (name is not null) return "it has two names";
                    name = value;
                }
                else if (key.Length == 0) return "a name is missing";
                else values.Add(new(key, value));
                if (values.Count > ValuesMax) return "it has too many arguments";
            }
            if (reader.Read()) return "bytes follow the object";
            if (string.IsNullOrEmpty(name)) return "\"request\" is missing";
            request = new ControlRequestText(name, values, IsJson: true);
            return null;
        }
        catch (JsonException failure)
        {
            return failure.Message;
        }
        catch (InvalidOperationException)
        {
            return "a string that is no text";
        }
    }

    private static string? ValueOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => Encoding.ASCII.GetString(reader.ValueSpan),
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        _ => null,
    };
}
