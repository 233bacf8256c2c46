// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Concurrency;

namespace Fuse.Protocol;

/// <summary>
/// The requests in progress that the kernel has interrupted. An interrupt does not stop a handler; it only sets a flag
/// that a handler in a long loop can check.
/// </summary>
/// <remarks>
/// One worker may read an INTERRUPT before another worker, which has just read the interrupted request, has called
/// <see cref="Begin"/>. The last interrupts are therefore stored, so that none is lost: request ids are never reused,
/// so an interrupt of a finished request is harmless.
/// </remarks>
internal sealed class FuseInterrupts : IFuseInterrupts
{
    private const int EarlyMax = 64;

    private readonly Slot[] _slots;
    private readonly ulong[] _early = new ulong[EarlyMax];
    private readonly RankedLock _earlyLock = new(LockRank.FuseInterrupts);
    private uint _earlyNext;
    private volatile bool _hasEarly;

    /// <summary>Told of each interrupt, after it was recorded.</summary>
    public Action<ulong> Interrupted { get; set; } = static _ => { };

    /// <summary>A set for at most one request per worker.</summary>
    public FuseInterrupts(int workersTotal)
    {
        _slots = new Slot[workersTotal];
        for (int worker = 0; worker < workersTotal; worker++) _slots[worker] = new Slot();
    }

    /// <summary>Registers the request that a worker starts.</summary>
    public void Begin(int worker, ulong unique)
    {
        Slot slot = _slots[worker];
        slot.IsInterrupted = false;

        // A full fence: either this thread sees the early interrupt, or the interrupting thread sees the slot.
        _ = Interlocked.Exchange(ref slot.Unique, unique);
        if (_hasEarly && IsEarly(unique)) slot.IsInterrupted = true;
    }

    /// <summary>Removes the request of a worker.</summary>
    public void End(int worker) => Volatile.Write(ref _slots[worker].Unique, 0);

    /// <summary>Records an INTERRUPT.</summary>
    public void Interrupt(ulong unique)
    {
        using (_earlyLock.EnterScope())
        {
            Volatile.Write(ref _early[_earlyNext++ % EarlyMax], unique);
            _hasEarly = true;
        }
        Interlocked.MemoryBarrier();
        foreach (Slot slot in _slots)
        {
            if (Volatile.Read(ref slot.Unique) == unique) slot.IsInterrupted = true;
        }
        Interrupted(unique);
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
