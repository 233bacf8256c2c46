// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text.Json;
using Linux.Text;

namespace Hammer2.Tool.Output;

/// <summary>
/// One value of a report with its kind, from which both the text form (units, dates) and the JSON form (bytes, ISO
/// 8601) are made.
/// </summary>
internal readonly struct Cell
{
    private readonly Kind _kind;
    private readonly ulong _number;
    private readonly string? _text;

    private Cell(Kind kind, ulong number, string? text = null)
    {
        _kind = kind;
        _number = number;
        _text = text;
    }

    private enum Kind : byte
    {
        Absent,
        Text,
        Number,
        Bytes,
        Hex,
        Code,
        Flag,
        Time,
    }

    /// <summary>No value: null in JSON, a dash in a table.</summary>
    public static Cell Absent => default;

    /// <summary>True when the value is aligned to the right in a table.</summary>
    public bool IsNumeric => _kind is Kind.Number or Kind.Bytes;

    /// <summary>Text. Characters that are not printable are written as the <c>\xHH</c> of their bytes.</summary>
    public static Cell Text(string? text) => text is null ? Absent : new Cell(Kind.Text, 0, ByteText.ToPrintable(text));

    /// <summary>A count or a transaction number.</summary>
    public static Cell Number(ulong number) => new(Kind.Number, number);

    /// <summary>A count that is not negative.</summary>
    public static Cell Number(long number) => new(Kind.Number, checked((ulong)number));

    /// <summary>A size in bytes, printed in the requested unit.</summary>
    public static Cell Bytes(ulong sizeBytes) => new(Kind.Bytes, sizeBytes);

    /// <summary>An address, key or check code: hexadecimal, in JSON as a string since doubles cannot hold it.</summary>
    public static Cell Hex(ulong number) => new(Kind.Hex, number);

    /// <summary>A code of 64 bits, with all its hexadecimal digits.</summary>
    public static Cell Code(ulong code) => new(Kind.Code, code);

    /// <summary>Yes or no.</summary>
    public static Cell Flag(bool value) => new(Kind.Flag, value ? 1UL : 0);

    /// <summary>Microseconds since 1970 UTC.</summary>
    public static Cell Time(ulong microseconds) => new(Kind.Time, microseconds);

    /// <summary>The text form.</summary>
    public string ToText(ByteUnit unit) => _kind switch
    {
        Kind.Absent => "-",
        Kind.Text => _text!,
        Kind.Number => _number.ToString(CultureInfo.InvariantCulture),
        Kind.Bytes => ByteUnits.Format(_number, unit),
        Kind.Hex => "0x" + _number.ToString("x", CultureInfo.InvariantCulture),
        Kind.Code => "0x" + _number.ToString("x16", CultureInfo.InvariantCulture),
        Kind.Flag => _number != 0 ? "yes" : "no",
        _ => TimeText.Format(_number),
    };

    /// <summary>Writes the JSON form.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        switch (_kind)
        {
            case Kind.Absent: json.WriteNullValue(); break;
            case Kind.Number or Kind.Bytes: json.WriteNumberValue(_number); break;
            case Kind.Flag: json.WriteBooleanValue(_number != 0); break;
            default: json.WriteStringValue(ToText(ByteUnit.Raw)); break;
        }
    }
}
