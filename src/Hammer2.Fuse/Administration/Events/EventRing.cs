// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Administration.Events;

/// <summary>The last events of a mount, in memory. Readers begin with the oldest that is left.</summary>
/// <remarks>Messages are logged with any other lock held, so that its lock comes last.</remarks>
internal sealed class EventRing(TimeProvider time)
{
    /// <summary>The most events that are kept.</summary>
    public const int EventsMax = 1024;

    private const int CharactersMax = 2000;

    private readonly RankedLock _eventsLock = new(LockRank.MountEvents);    // guards the fields below
    private readonly MountEvent[] _events = new MountEvent[EventsMax];
    private readonly List<EventWaiter> _waiters = [];
    private ulong _addedTotal;

    /// <summary>Events so far.</summary>
    public ulong AddedTotal => Volatile.Read(ref _addedTotal);

    /// <summary>Adds an event, and wakes readers that wait.</summary>
    public void Add(LogLevel level, string source, string message)
    {
        string shown = message.Length <= CharactersMax ? message : message[..CharactersMax] + "...";
        var wakes = new List<Action>();
        using (_eventsLock.EnterScope())
        {
            _events[_addedTotal % EventsMax] = new MountEvent(_addedTotal, time.GetUtcNow(), level, source, shown);
            _addedTotal++;
            foreach (EventWaiter waiter in _waiters)
            {
                if (waiter.Wake is { } wake) wakes.Add(wake);
                waiter.Wake = null;
            }
        }
        foreach (Action wake in wakes) wake();
    }

    /// <summary>Adds a reader to those that can wait for events.</summary>
    public EventWaiter Join()
    {
        var waiter = new EventWaiter();
        using (_eventsLock.EnterScope()) _waiters.Add(waiter);
        return waiter;
    }

    /// <summary>Removes a reader: it is not woken any more.</summary>
    public void Leave(EventWaiter waiter)
    {
        using (_eventsLock.EnterScope()) _ = _waiters.Remove(waiter);
    }

    /// <summary>The next event for a reader.</summary>
    /// <param name="next">The number of the event that it wants.</param>
    /// <param name="lost">How many were dropped before it could read them.</param>
    /// <returns>Null when there is none yet.</returns>
    public MountEvent? Next(ulong next, out ulong lost)
    {
        using (_eventsLock.EnterScope())
        {
            ulong oldest = _addedTotal > EventsMax ? _addedTotal - EventsMax : 0;
            lost = next < oldest ? oldest - next : 0;
            return next + lost < _addedTotal ? _events[(next + lost) % EventsMax] : null;
        }
    }

    /// <summary>Tells a reader when there is an event for it.</summary>
    /// <param name="waiter">The reader.</param>
    /// <param name="next">The number of the event that it wants.</param>
    /// <param name="wake">Called once with the next event; null to ask only.</param>
    /// <returns>True when there is one now.</returns>
    public bool Poll(EventWaiter waiter, ulong next, Action? wake)
    {
        using (_eventsLock.EnterScope())
        {
            bool isThere = next < _addedTotal;
            if (!isThere && wake is not null) waiter.Wake = wake;
            return isThere;
        }
    }
}

/// <summary>What happened to a mount.</summary>
/// <param name="Number">Its number in the lifetime of the mount, from 0.</param>
/// <param name="Time">When.</param>
/// <param name="Level">How bad it is.</param>
/// <param name="Source">What reported it.</param>
/// <param name="Message">The message.</param>
internal sealed record MountEvent(ulong Number, DateTimeOffset Time, LogLevel Level, string Source, string Message);

/// <summary>A reader among those that can wait for events.</summary>
internal sealed class EventWaiter
{
    /// <summary>Called once with the next event; null for nothing. Guarded by the lock of the ring.</summary>
    public Action? Wake { get; set; }
}
