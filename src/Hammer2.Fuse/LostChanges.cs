// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;

namespace Hammer2.Fuse;

/// <summary>
/// Objects with accepted changes that could not be committed. Each open file that could have made such changes gets the
/// error once, from fsync(2), or from close(2) where the kernel asks at close.
/// </summary>
/// <remarks>
/// An open file is identified by its handle: an odd number, larger for a file opened later; handle 0 stands for all
/// opens without a handle, which are directories and files open for reading. Lock: rank 80, a leaf, not acquired before
/// the first loss.
/// </remarks>
internal sealed class LostChanges
{
    private const int ObjectsMax = 1024;

    private readonly RankedLock _lostLock = new(LockRank.LostChanges);
    // By inode number: the newest handle at the time of the loss.
    private readonly Dictionary<ulong, ulong> _lost = [];
    private readonly HashSet<(ulong Inum, ulong Handle)> _reported = [];
    private ulong _overflow;                        // the newest handle for objects beyond ObjectsMax; 0 for none
    private ulong _lastHandle = 1;
    private volatile bool _isAny;

    /// <summary>A new handle for a file that is opened for writing.</summary>
    public ulong NextHandle() => Interlocked.Add(ref _lastHandle, 2);

    /// <summary>Adds an object with lost changes. Beyond a maximum, all other objects count as having lost
    /// changes.</summary>
    public void Add(ulong inum)
    {
        using (_lostLock.EnterScope())
        {
            ulong newest = Volatile.Read(ref _lastHandle);
            if (_lost.Count < ObjectsMax || _lost.ContainsKey(inum)) _lost[inum] = newest;
            else _overflow = newest;
            _ = _reported.RemoveWhere(one => one.Inum == inum);
            _isAny = true;
        }
    }

    /// <summary>True for an open file whose changes may be lost; only once for each handle.</summary>
    public bool Take(ulong inum, ulong handle)
    {
        if (!_isAny) return false;
        using (_lostLock.EnterScope())
        {
            if (!_lost.TryGetValue(inum, out ulong newest)) newest = _overflow;
            return newest != 0 && handle <= newest && _reported.Add((inum, handle));
        }
    }

    /// <summary>Removes a handle that was closed.</summary>
    public void Close(ulong inum, ulong handle)
    {
        if (!_isAny) return;
        using (_lostLock.EnterScope()) _ = _reported.Remove((inum, handle));
    }
}
