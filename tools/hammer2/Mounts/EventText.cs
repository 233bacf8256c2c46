// SPDX-License-Identifier: BSD-3-Clause
using System.Text.Json;

namespace Hammer2.Tool.Mounts;

/// <summary>A line of the file <c>.hammer2/events</c>.</summary>
/// <param name="Lost">How many events before it were dropped unread.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Level">How bad it is, in lower case.</param>
/// <param name="Source">What reported it.</param>
/// <param name="Message">What happened.</param>
internal sealed record EventText(ulong Lost, DateTimeOffset Time, string Level, string Source, string Message)
{
    /// <summary>Parses a line.</summary>
    public static EventText Parse(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        JsonElement found = document.RootElement;
        return new EventText(found.GetProperty("lost").GetUInt64(), found.GetProperty("time").GetDateTimeOffset(),
            found.GetProperty("level").GetString()!.ToLowerInvariant(), found.GetProperty("source").GetString()!,
            found.GetProperty("message").GetString()!);
    }
}
