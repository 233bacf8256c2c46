// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Fuse;

/// <summary>
/// Objects whose changes were accepted and could not be committed, until each open file that could have made them was
/// told by fsync(2) or close(2), once.
/// </summary>
/// <remarks>
/// An open file is known by its handle: an odd number, larger for a file that was opened later; handle 0 stands for
/// all that have none, as directories and files open for reading. Lock: rank 80, a leaf, which is not taken while
/// nothing was ever lost.
/// </remarks>
internal sealed class LostChanges
{
    private const int ObjectsMax = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ulong> _lost = [];       // by object: the newest handle at that time
    private readonly HashSet<(ulong Inum, ulong Handle)> _told = [];
    private ulong _overflow;                                    // of objects that there was no room for
    private ulong _lastHandle = 1;
    private volatile bool _isAny;

    /// <summary>A handle for a file that is opened for writing.</summary>
    public ulong NextHandle() => Interlocked.Add(ref _lastHandle, 2);

    /// <summary>Changes of an object are lost. Beyond some number of objects, all others count as having lost
    /// some.</summary>
    public void Add(ulong inum)
    {
        lock (_gate)
        {
            ulong newest = Volatile.Read(ref _lastHandle);
            if (_lost.Count < ObjectsMax || _lost.ContainsKey(inum)) _lost[inum] = newest;
            else _overflow = newest;
            _ = _told.RemoveWhere(told => told.Inum == inum);
            _isAny = true;
        }
    }

    /// <summary>True, once, for an open file whose changes may be among the lost ones.</summary>
    public bool Take(ulong inum, ulong handle)
    {
        if (!_isAny) return false;
        lock (_gate)
        {
            if (!_lost.TryGetValue(inum, out ulong newest)) newest = _overflow;
            return newest != 0 && handle <= newest && _told.Add((inum, handle));
        }
    }

    /// <summary>A file was closed.</summary>
    public void Close(ulong inum, ulong handle)
    {
        if (!_isAny) return;
        lock (_gate) _ = _told.Remove((inum, handle));
    }
}
