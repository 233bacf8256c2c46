// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;

namespace Hammer2.Vnodes;

/// <summary>
/// Directories with an unreadable part. A listing takes many calls, and the call that finds the damage is rarely the
/// last one, so the directory is remembered until its listing ends with an error.
/// </summary>
/// <remarks>Lock: rank 80, a leaf. Without damage no lock is acquired.</remarks>
internal sealed class DamagedDirectories
{
    // More damaged directories than this mean a failing disk: then every listing ends with an error.
    private const int KnownMax = 65536;

    private readonly RankedLock _inumsLock = new(LockRank.DamagedDirectories);
    private readonly HashSet<ulong> _inums = [];
    private int _count;

    /// <summary>Adds a directory; true when it is new.</summary>
    public bool Add(ulong inum)
    {
        using (_inumsLock.EnterScope())
        {
            if (_count >= KnownMax || !_inums.Add(inum)) return false;
            _count++;
            return true;
        }
    }

    /// <summary>Removes a directory that was listed completely.</summary>
    public void Remove(ulong inum)
    {
        if (Volatile.Read(ref _count) == 0) return;
        using (_inumsLock.EnterScope())
        {
            if (_count < KnownMax && _inums.Remove(inum)) _count--;
        }
    }

    /// <summary>True when part of a directory is unreadable.</summary>
    public bool Contains(ulong inum)
    {
        if (Volatile.Read(ref _count) == 0) return false;
        using (_inumsLock.EnterScope()) return _count >= KnownMax || _inums.Contains(inum);
    }
}
