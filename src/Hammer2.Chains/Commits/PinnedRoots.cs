// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;

namespace Hammer2.Chains.Commits;

/// <summary>The pinned commits of one device.</summary>
/// <remarks>
/// Lock of rank 80: a commit is pinned under the lock under which bulkfree reads what it has to walk. So a pin is
/// either among what a pass walks, or pins the commit that the pass walks or a later one, which leads to nothing that
/// the pass may free (see <see cref="Freemap.Bulkfree"/>).
/// </remarks>
internal sealed class PinnedRoots
{
    private readonly MediaReader _device;
    private readonly TimeProvider _time;
    private readonly int _max;
    private readonly RankedLock _lock = new(LockRank.PinnedRoots);
    private readonly List<PinnedRoot> _pins = [];

    public PinnedRoots(MediaReader device, TimeProvider time, int max)
    {
        _device = device;
        _time = time;
        _max = max;
    }

    /// <summary>Those that there are now, the oldest first.</summary>
    public IReadOnlyList<PinnedRoot> All
    {
        get
        {
            using (_lock.EnterScope()) return [.. _pins];
        }
    }

    /// <summary>True while a pin lasts.</summary>
    public bool Contains(PinnedRoot pin)
    {
        using (_lock.EnterScope()) return _pins.Contains(pin);
    }

    /// <summary>Pins the last commit.</summary>
    /// <returns>Null when there are as many as there may be.</returns>
    public PinnedRoot? Pin(string purpose, TimeSpan bound)
    {
        using (_lock.EnterScope())
        {
            MediaReader.ShownCommit last = _device.Shown;
            return Add(last.Root, last.Header.Fields.MirrorTid, purpose, bound);
        }
    }

    /// <summary>Pins what is left of an older commit, or a part of it.</summary>
    /// <returns>Null when there are as many as there may be.</returns>
    /// <remarks>Entry: no bulkfree runs on the device.</remarks>
    public PinnedRoot? Pin(Chain root, ulong mirrorTid, string purpose, TimeSpan bound)
    {
        using (_lock.EnterScope()) return Add(root, mirrorTid, purpose, bound);
    }

    private PinnedRoot? Add(Chain root, ulong mirrorTid, string purpose, TimeSpan bound)
    {
        if (_pins.Count >= _max) return null;
        var pin = new PinnedRoot(Remove, root, mirrorTid, purpose, _time.GetUtcNow(), bound);
        _pins.Add(pin);
        return pin;
    }

    /// <summary>What a pass of bulkfree has to walk: the last commit, and all that are pinned. Those that are past
    /// their bound are logged.</summary>
    public List<Chain> RootsToWalk()
    {
        List<Chain> roots;
        List<PinnedRoot> overdue;
        using (_lock.EnterScope())
        {
            roots = [_device.RootChain];
            foreach (PinnedRoot pin in _pins) roots.Add(pin.Root);
            DateTimeOffset now = _time.GetUtcNow();
            overdue = _pins.FindAll(pin => pin.IsOverdue(now));
        }
        foreach (PinnedRoot pin in overdue) _device.Faults.ReportOverduePin(pin);
        return roots;
    }

    private void Remove(PinnedRoot pin)
    {
        using (_lock.EnterScope()) _ = _pins.Remove(pin);
    }
}
