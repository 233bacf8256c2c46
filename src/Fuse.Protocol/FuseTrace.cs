// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;

namespace Fuse.Protocol;

/// <summary>The last requests of a session that were served, as long as something reads them.</summary>
/// <remarks>While nothing does, a request costs one read of a field, and no memory is held.</remarks>
/// <param name="time">The clock.</param>
public sealed class FuseTrace(TimeProvider time)
{
    /// <summary>The most requests that are kept for readers that are late.</summary>
    public const int EntriesMax = 16384;

    private readonly RankedLock _entriesLock = new(LockRank.FuseTrace);     // guards the fields below
    private FuseTraceEntry[] _entries = [];
    private int _readers;
    private ulong _addedTotal;
    private Action? _wakes;

    /// <summary>The object by which the trace is read: requests about it are left out, since each would be followed by
    /// one that reads it. 0 for none.</summary>
    public ulong UntracedNode { get; init; }

    /// <summary>True while something reads it.</summary>
    internal bool IsRead => Volatile.Read(ref _readers) != 0;

    /// <summary>Adds a reader.</summary>
    /// <returns>The number of the first request that it can get.</returns>
    public ulong Join()
    {
        using (_entriesLock.EnterScope())
        {
            if (_entries.Length == 0) _entries = new FuseTraceEntry[EntriesMax];
            _readers++;
            return _addedTotal;
        }
    }

    /// <summary>Removes a reader.</summary>
    /// <param name="wake">What it asked to be called and was not; null for nothing.</param>
    public void Leave(Action? wake)
    {
        using (_entriesLock.EnterScope())
        {
            _wakes -= wake;
            if (--_readers == 0) _entries = [];
        }
    }

    /// <summary>The next request for a reader.</summary>
    /// <param name="next">The number of the one that it wants.</param>
    /// <param name="entry">The request.</param>
    /// <param name="lost">How many were dropped before it could read them.</param>
    /// <returns>False when there is none yet.</returns>
    public bool TryRead(ulong next, out FuseTraceEntry entry, out ulong lost)
    {
        using (_entriesLock.EnterScope())
        {
            ulong oldest = _addedTotal > EntriesMax ? _addedTotal - EntriesMax : 0;
            lost = next < oldest ? oldest - next : 0;
            bool isThere = next + lost < _addedTotal;
            entry = isThere ? _entries[(next + lost) % EntriesMax] : default;
            return isThere;
        }
    }

    /// <summary>Tells a reader when there is a request for it.</summary>
    /// <param name="next">The number of the one that it wants.</param>
    /// <param name="former">What it asked to be called before, and is not called any more; null for nothing.</param>
    /// <param name="wake">Called once with the next one; null to ask only.</param>
    /// <returns>True when there is one now, so that nothing will be called.</returns>
    public bool Poll(ulong next, Action? former, Action? wake)
    {
        using (_entriesLock.EnterScope())
        {
            _wakes -= former;
            if (next < _addedTotal) return true;
            _wakes += wake;
            return false;
        }
    }

    /// <summary>Adds a request that was served.</summary>
    /// <param name="message">The request.</param>
    /// <param name="header">Its header.</param>
    /// <param name="answer">The payload of the answer.</param>
    /// <param name="error">The error number of the answer.</param>
    /// <param name="microseconds">How long it took.</param>
    internal void Add(ReadOnlySpan<byte> message, in FuseInHeader header, ReadOnlySpan<byte> answer, int error,
        long microseconds)
    {
        if (UntracedNode != 0 && header.NodeId == UntracedNode) return;
        var entry = new FuseTraceEntry
        {
            Time = time.GetUtcNow(),
            Microseconds = microseconds,
            Opcode = header.Opcode,
            Error = error,
            NodeId = header.NodeId,
            ProcessId = header.ProcessId,
            Uid = header.Uid,
        };
        FuseTraceDetails.Fill(ref entry, message, answer);
        Action? wakes;
        using (_entriesLock.EnterScope())
        {
            if (_entries.Length == 0) return;
            entry.Number = _addedTotal;
            _entries[_addedTotal++ % EntriesMax] = entry;
            (wakes, _wakes) = (_wakes, null);
        }
        wakes?.Invoke();
    }
}
