// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Vnodes;

/// <summary>
/// Directories of which a part was found unreadable. A listing comes in many calls, and the call that
/// meets the damage is rarely the last, so that it is remembered until the listing ends, with an error.
/// </summary>
/// <remarks>Lock: rank 80, a leaf. The healthy case takes none.</remarks>
internal sealed class DamagedDirectories
{
    // So many damaged directories are a dead disk; from there on every listing is said to be doubtful.
    private const int KnownMax = 65536;

    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _inums = [];
    private int _count;

    /// <summary>Remembers a directory. True when it was not known.</summary>
    public bool Add(ulong inum)
    {
        lock (_gate)
        {
            if (_count >= KnownMax || !_inums.Add(inum)) return false;
            _count++;
            return true;
        }
    }

    /// <summary>Forgets a directory that was just listed from its start to its end.</summary>
    public void Remove(ulong inum)
    {
        if (Volatile.Read(ref _count) == 0) return;
        lock (_gate)
        {
            if (_count < KnownMax && _inums.Remove(inum)) _count--;
        }
    }

    /// <summary>True when part of a directory is unreadable.</summary>
    public bool Contains(ulong inum)
    {
        if (Volatile.Read(ref _count) == 0) return false;
        lock (_gate) return _count >= KnownMax || _inums.Contains(inum);
    }
}
