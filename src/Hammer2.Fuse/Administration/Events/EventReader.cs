// SPDX-License-Identifier: BSD-3-Clause
using System.Text.Json;
using Hammer2.Fuse.Administration.Doors;

namespace Hammer2.Fuse.Administration.Events;

/// <summary>An open file of events: a line of JSON for each, and no more until the next one.</summary>
/// <param name="ring">The events. It begins with the oldest one.</param>
internal sealed class EventReader(EventRing ring) : LineReader
{
    private readonly EventWaiter _waiter = ring.Join();
    private ulong _next;

    /// <inheritdoc/>
    public override void Dispose() => ring.Leave(_waiter);

    /// <inheritdoc/>
    protected override bool PollSource(Action? wake) => ring.Poll(_waiter, _next, wake);

    /// <inheritdoc/>
    protected override bool TryTakeLine(out ReadOnlyMemory<byte> line)
    {
        line = default;
        if (ring.Next(_next, out ulong lost) is not { } found) return false;
        _next = found.Number + 1;
        var fields = new EventLine(
            found.Number, lost, found.Time, found.Level.ToString(), found.Source, found.Message);
        line = (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(fields, ResultJson.Default.EventLine), (byte)'\n'];
        return true;
    }
}

/// <summary>An event as a line.</summary>
/// <param name="Number">Its number in the lifetime of the mount, from 0.</param>
/// <param name="Lost">How many before it were dropped unread, because memory for events is bounded.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Level">Information, Warning, Error or Critical.</param>
/// <param name="Source">The part of the program that reported it.</param>
/// <param name="Message">What happened.</param>
internal sealed record EventLine(
    ulong Number, ulong Lost, DateTimeOffset Time, string Level, string Source, string Message);
