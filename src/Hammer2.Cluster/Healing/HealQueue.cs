// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;

namespace Hammer2.Cluster.Healing;

/// <summary>What reads found damaged on a node and right on another, until it is healed.</summary>
/// <remarks>Bounded: what does not fit is found again by a later read, or by a scrub. Lock of rank 80.</remarks>
internal sealed class HealQueue
{
    /// <summary>The most that wait.</summary>
    public const int WaitingMax = 4096;

    private const int GivenUpMax = 4096;

    private readonly RankedLock _lock = new(LockRank.HealQueue);
    private readonly Queue<HealRequest> _waiting = new();
    private readonly HashSet<HealRequest> _known = [];
    private readonly HashSet<HealRequest> _givenUp = [];

    /// <summary>Called when something was added, on the thread of a read: it must not block. Null while nothing is
    /// healed, and nothing is kept then.</summary>
    public Action? Added { get; set; }

    /// <summary>Adds a place, unless it is there already or was given up.</summary>
    public void Add(in HealRequest request)
    {
        if (Added is not { } added) return;
        using (_lock.EnterScope())
        {
            if (_waiting.Count >= WaitingMax || _givenUp.Contains(request) || !_known.Add(request)) return;
            _waiting.Enqueue(request);
        }
        added();
    }

    /// <summary>Takes the oldest places.</summary>
    /// <param name="max">The most.</param>
    public List<HealRequest> Take(int max)
    {
        var taken = new List<HealRequest>();
        using (_lock.EnterScope())
        {
            while (taken.Count < max && _waiting.TryDequeue(out HealRequest request))
            {
                _ = _known.Remove(request);
                taken.Add(request);
            }
        }
        return taken;
    }

    /// <summary>Does not take a place again that could not be healed.</summary>
    public void GiveUp(in HealRequest request)
    {
        using (_lock.EnterScope())
        {
            if (_givenUp.Count >= GivenUpMax) _givenUp.Clear();
            _ = _givenUp.Add(request);
        }
    }

    /// <summary>Places that were given up may be tried again.</summary>
    public void Forgive()
    {
        using (_lock.EnterScope()) _givenUp.Clear();
    }
}
