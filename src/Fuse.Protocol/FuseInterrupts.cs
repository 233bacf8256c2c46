// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Fuse.Protocol;

/// <summary>
/// Remembers which requests under way the kernel has interrupted. Requests run to their end on the thread
/// that took them; an interrupt only raises a flag which a handler in a long loop may ask for.
/// </summary>
/// <remarks>
/// An INTERRUPT may be read by one worker before another, that has just read the request it is about, has
/// entered it here. Such early ones are kept for a while, so that none is lost: request names are never used
/// twice, hence one that nobody claims does no harm.
/// </remarks>
internal sealed class FuseInterrupts : IFuseInterrupts
{
    private const int EarlyMax = 64;

    private readonly Slot[] _slots;
    private readonly ulong[] _early = new ulong[EarlyMax];
    private readonly Lock _gate = new();
    private uint _earlyNext;
    private volatile bool _hasEarly;

    /// <summary>Makes room for one request per worker.</summary>
    public FuseInterrupts(int workersTotal)
    {
        _slots = new Slot[workersTotal];
        for (int worker = 0; worker < workersTotal; worker++) _slots[worker] = new Slot();
    }

    /// <summary>A worker begins a request.</summary>
    public void Begin(int worker, ulong unique)
    {
        Slot slot = _slots[worker];
        slot.IsInterrupted = false;

        // A full fence: either this thread sees the early interrupt, or the other one sees the slot.
        _ = Interlocked.Exchange(ref slot.Unique, unique);
        if (_hasEarly && IsEarly(unique)) slot.IsInterrupted = true;
    }

    /// <summary>A worker has answered its request.</summary>
    public void End(int worker) => Volatile.Write(ref _slots[worker].Unique, 0);

    /// <summary>An INTERRUPT arrived.</summary>
    public void Interrupt(ulong unique)
    {
        lock (_gate)
        {
            Volatile.Write(ref _early[_earlyNext++ % EarlyMax], unique);
            _hasEarly = true;
        }
        Interlocked.MemoryBarrier();
        foreach (Slot slot in _slots)
        {
            if (Volatile.Read(ref slot.Unique) == unique) slot.IsInterrupted = true;
        }
    }

    /// <inheritdoc/>
    public bool IsInterrupted(ulong unique)
    {
        foreach (Slot slot in _slots)
        {
            if (Volatile.Read(ref slot.Unique) == unique) return slot.IsInterrupted;
        }
        return false;
    }

    private bool IsEarly(ulong unique)
    {
        for (int index = 0; index < EarlyMax; index++)
        {
            if (Volatile.Read(ref _early[index]) == unique) return true;
        }
        return false;
    }

    private sealed class Slot
    {
        public volatile bool IsInterrupted;
        public ulong Unique;
    }
}
