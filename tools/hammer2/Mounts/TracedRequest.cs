// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text.Json;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Mounts;

/// <summary>A line of the file <c>.hammer2/trace</c>: a request that a mount has served.</summary>
internal sealed record TracedRequest(ulong Lost, DateTimeOffset Time, string Operation, long Microseconds,
    int ErrorNumber, string Error, long ProcessId, long UserId, ulong Node)
{
    /// <summary>The path of the object; null when it is not known.</summary>
    public string? Path { get; init; }

    /// <summary>The name in it, of an operation that has one; else null.</summary>
    public string? Name { get; init; }

    /// <summary>Where in the object; null for an operation without a position.</summary>
    public ulong? Position { get; init; }

    /// <summary>How many bytes; null for an operation without a size.</summary>
    public ulong? SizeBytes { get; init; }

    /// <summary>Parses a line.</summary>
    public static TracedRequest Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement fields = document.RootElement;
        return new TracedRequest(fields.GetProperty("lost").GetUInt64(), fields.GetProperty("time").GetDateTimeOffset(),
            fields.GetProperty("operation").GetString() ?? "", fields.GetProperty("microseconds").GetInt64(),
            fields.GetProperty("errno").GetInt32(), fields.GetProperty("error").GetString() ?? "",
            fields.GetProperty("pid").GetInt64(), fields.GetProperty("uid").GetInt64(),
            fields.GetProperty("node").GetUInt64())
        {
            Path = fields.TryGetProperty("path", out JsonElement path) ? path.GetString() : null,
            Name = fields.TryGetProperty("name", out JsonElement name) ? name.GetString() : null,
            Position = fields.TryGetProperty("position", out JsonElement position) ? position.GetUInt64() : null,
            SizeBytes = fields.TryGetProperty("size", out JsonElement size) ? size.GetUInt64() : null,
        };
    }

    /// <summary>The line for people.</summary>
    public string ToText()
    {
        string result = ErrorNumber == 0 ? "ok" : Error;
        return string.Create(CultureInfo.InvariantCulture,
            $"{Time.ToLocalTime():HH:mm:ss.ffffff} {DurationText.Format(Microseconds),8} {Operation,-13} {result,-9} "
            + $"pid {ProcessId,-7} uid {UserId,-5} {WhereText()}");
    }

    private string WhereText()
    {
        string node = Node.ToString(CultureInfo.InvariantCulture);
        string where = Path ?? (Node == 0 ? "-" : "node " + node);
        // A name of an attribute is no part of a path.
        bool isAttribute = Operation.EndsWith("XAttr", StringComparison.Ordinal);
        if (Name is not null) where += (isAttribute ? " " : where == "/" ? "" : "/") + Name;
        if (Position is { } position) where += string.Create(CultureInfo.InvariantCulture, $" at {position}");
        if (SizeBytes is { } size) where += string.Create(CultureInfo.InvariantCulture, $" bytes {size}");
        return where;
    }
}
