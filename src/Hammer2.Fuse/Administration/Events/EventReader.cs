// SPDX-License-Identifier: BSD-3-Clause
using System.Text.Json;

namespace Hammer2.Fuse.Administration.Events;

/// <summary>An open file of events: a line of JSON for each, and no more until the next one.</summary>
/// <remarks>Used by one request at a time.</remarks>
/// <param name="ring">The events. It begins with the oldest one.</param>
internal sealed class EventReader(EventRing ring) : IDisposable
{
    private readonly EventWaiter _waiter = ring.Join();
    private ulong _next;
    private ReadOnlyMemory<byte> _rest;         // of the line that did not fit the last read

    /// <summary>Reads on.</summary>
    /// <param name="data">Receives lines; the last one may be continued by the next call.</param>
    /// <returns>Number of bytes; 0 when there is no further event now.</returns>
    public int Read(Span<byte> data)
    {
        int total = 0;
        while (total < data.Length)
        {
            if (_rest.IsEmpty && !TakeLine()) break;
            int bytes = Math.Min(_rest.Length, data.Length - total);
            _rest.Span[..bytes].CopyTo(data[total..]);
            _rest = _rest[bytes..];
            total += bytes;
        }
        return total;
    }

    /// <summary>Whether something can be read.</summary>
    /// <param name="wake">Called once with the next event, when there is none now; null to ask only.</param>
    public bool Poll(Action? wake) => !_rest.IsEmpty || ring.Poll(_waiter, _next, wake);

    /// <summary>Waits for no further event.</summary>
    public void Dispose() => ring.Leave(_waiter);

    private bool TakeLine()
    {
        if (ring.Next(_next, out ulong lost) is not { } found) return false;
        _next = found.Number + 1;
        var line = new EventLine(
            found.Number, lost, found.Time, found.Level.ToString(), found.Source, found.Message);
        _rest = (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line, ResultJson.Default.EventLine), (byte)'\n'];
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
