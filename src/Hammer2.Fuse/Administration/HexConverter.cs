// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hammer2.Fuse.Administration;

/// <summary>Writes keys and commit numbers as text with 0x: most readers of JSON lose digits of numbers of 64
/// bits.</summary>
internal sealed class HexConverter : JsonConverter<ulong>
{
    /// <inheritdoc/>
    public override ulong Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        string? text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return text is not null && text.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(
                text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? value : throw new JsonException("a number with 0x is missing");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ulong value, JsonSerializerOptions options) =>
        writer.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"0x{value:x}"));
}
