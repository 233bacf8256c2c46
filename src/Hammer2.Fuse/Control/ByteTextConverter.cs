// SPDX-License-Identifier: BSD-3-Clause
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Linux.Text;

namespace Hammer2.Fuse.Control;

/// <summary>
/// Writes strings of <see cref="ByteText"/>, which may hold bytes that are no text: each character in JSON is one byte,
/// U+0000 to U+00FF.
/// </summary>
internal sealed class ByteTextConverter : JsonConverter<string>
{
    /// <inheritdoc/>
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String) throw new JsonException("a string is missing");
        string text;
        try
        {
            text = reader.GetString()!;
        }
        catch (InvalidOperationException failure)
        {
            throw new JsonException("a string with half a character", failure);
        }
        byte[] bytes = new byte[text.Length];
        for (int index = 0; index < bytes.Length; index++)
        {
            if (text[index] > byte.MaxValue) throw new JsonException("a string with a character that is no byte");
            bytes[index] = (byte)text[index];
        }
        return ByteText.Decode(bytes);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Encoding.Latin1.GetString(ByteText.Encode(value)));
}
