// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.Json;
using Hammer2.Fuse.Administration.Events;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Events;

/// <summary>Goal: each reader gets every event once, in order, as far as memory keeps it, and is woken for the next
/// one. Method: events added between reads of every length.</summary>
public sealed class EventRingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4096)]
    public void Readers_get_each_event_once(int roomBytes)
    {
        var ring = new EventRing(TimeProvider.System);
        using var early = new EventReader(ring);
        for (int i = 0; i < 20; i++) ring.Add(LogLevel.Warning, "Test", $"event \"{i}\"");
        using var late = new EventReader(ring);
        Assert.Equal(Messages(20), MessagesOf(early, roomBytes));
        Assert.Empty(MessagesOf(early, roomBytes));
        ring.Add(LogLevel.Error, "Test", "event \"20\"");
        Assert.Equal(Messages(21)[20..], MessagesOf(early, roomBytes));
        Assert.Equal(Messages(21), MessagesOf(late, roomBytes));
    }

    [Fact]
    public void A_reader_that_is_late_is_told_how_many_it_lost()
    {
        var ring = new EventRing(TimeProvider.System);
        using var reader = new EventReader(ring);
        for (int i = 0; i < EventRing.EventsMax + 5; i++)
            ring.Add(LogLevel.Information, "Test", i.ToString(CultureInfo.InvariantCulture));
        List<JsonElement> lines = LinesOf(reader, 1000);
        Assert.Equal(EventRing.EventsMax, lines.Count);
        Assert.Equal((5, 5UL), (lines[0].GetProperty("number").GetInt32(), lines[0].GetProperty("lost").GetUInt64()));
        Assert.All(lines.Skip(1), line => Assert.Equal(0UL, line.GetProperty("lost").GetUInt64()));
    }

    [Fact]
    public void The_next_event_wakes_once()
    {
        var ring = new EventRing(TimeProvider.System);
        using var reader = new EventReader(ring);
        int woken = 0;
        Assert.False(reader.Poll(() => woken++));
        ring.Add(LogLevel.Information, "Test", "one");
        ring.Add(LogLevel.Information, "Test", "two");
        Assert.Equal(1, woken);
        Assert.True(reader.Poll(() => woken++));
        Assert.Equal(2, LinesOf(reader, 100).Count);
        Assert.False(reader.Poll(() => woken++));
        reader.Dispose();
        ring.Add(LogLevel.Information, "Test", "three");
        Assert.Equal(1, woken);
    }

    [Fact]
    public void Messages_become_events_whatever_level_is_logged()
    {
        var ring = new EventRing(TimeProvider.System);
        using var loggers = new EventLoggers(NullLoggerFactory.Instance, ring);
        ILogger logger = loggers.CreateLogger("Hammer2.Cluster.Pfs");
        using var reader = new EventReader(ring);
        Log(logger, LogLevel.Debug, "unheard");
        Log(logger, LogLevel.Information, "made");
        Log(logger, LogLevel.Critical, "stopped");
        List<JsonElement> lines = LinesOf(reader, 4096);
        Assert.Equal(["made", "stopped"], lines.Select(line => line.GetProperty("message").GetString()));
        Assert.Equal(["Information", "Critical"], lines.Select(line => line.GetProperty("level").GetString()));
        Assert.Equal("Pfs", lines[0].GetProperty("source").GetString());
    }

    private static void Log(ILogger logger, LogLevel level, string text)
    {
        if (logger.IsEnabled(level)) logger.Log(level, default, text, null, static (state, _) => state);
    }

    private static string[] Messages(int total) => [.. Enumerable.Range(0, total).Select(i => $"event \"{i}\"")];

    private static string?[] MessagesOf(EventReader reader, int roomBytes) =>
        [.. LinesOf(reader, roomBytes).Select(line => line.GetProperty("message").GetString())];

    private static List<JsonElement> LinesOf(EventReader reader, int roomBytes)
    {
        var all = new List<byte>();
        byte[] room = new byte[roomBytes];
        while (reader.Read(room) is var bytes and > 0) all.AddRange(room[..bytes]);
        var lines = new List<JsonElement>();
        foreach (string line in Encoding.UTF8.GetString([.. all]).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            lines.Add(document.RootElement.Clone());
        }
        return lines;
    }
}
