// SPDX-License-Identifier: BSD-3-Clause
using System.Text.Json;
using System.Threading;

namespace Hammer2.Fuse.Administration.Events;

/// <summary>An open file of events: a line of JSON for each, and no more until the next one.</summary>
/// <remarks>Used by one request at a time. What to call with the next event is guarded by the ring's lock.</remarks>
internal sealed class EventReader(EventRing ring)
{
    private ulong _next;
    private ReadOnlyMemory<byte> _rest;         // of the line that did not fit the last read
    private Action? _wake;

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
    public bool Poll(Action? wake) => !_rest.IsEmpty || ring.Poll(this, _next, wake);

    /// <summary>Sets what to call with the next event.</summary>
    /// <remarks>Entry: the ring's lock.</remarks>
    internal void WakeWith(Action wake) => _wake = wake;

    /// <summary>What to call with the next event; null for nothing.</summary>
    /// <remarks>Entry: the ring's lock.</remarks>
    internal Action? TakeWake() => Interlocked.Exchange(ref _wake, null);

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
