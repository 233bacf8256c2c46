// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Concurrency;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <summary>
/// Files whose dirty pages the kernel could not write back. By itself the kernel continues to accept write(2), and only
/// fsync(2) and close(2) return the error; writes to these files return it at once.
/// </summary>
/// <remarks>Lock: a leaf.</remarks>
internal sealed class RefusedWrites
{
    private const int FilesMax = 1024;

    private readonly RankedLock _filesLock = new(LockRank.RefusedWrites);
    private readonly Dictionary<ulong, Errno> _files = [];
    private readonly HashSet<ulong> _unsent = [];
    private bool _isSending;
    private volatile bool _isAny;

    /// <summary>True while the set is not empty.</summary>
    public bool IsAny => _isAny;

    /// <summary>Adds a file, for which the kernel's attributes are to be invalidated. Beyond a maximum, the other files
    /// are removed; they are added again at their next error.</summary>
    /// <returns>True when the caller has to call <see cref="TryNextUnsent"/> until it returns false.</returns>
    public bool Add(ulong inum, Errno error)
    {
        using (_filesLock.EnterScope())
        {
            if (_files.Count >= FilesMax) _files.Clear();
            _files[inum] = error;
            _isAny = true;
            _ = _unsent.Add(inum);
            if (_isSending) return false;
            return _isSending = true;
        }
    }

    /// <summary>Takes a file whose invalidation was not sent since its last error.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryNextUnsent(out ulong inum)
    {
        using (_filesLock.EnterScope())
        {
            inum = _unsent.FirstOrDefault();
            return _isSending = _unsent.Remove(inum);
        }
    }

    /// <summary>The last error of a file; None for a file that is not in the set.</summary>
    public Errno Of(ulong inum)
    {
        using (_filesLock.EnterScope()) return _files.GetValueOrDefault(inum, Errno.None);
    }

    /// <summary>Removes a file, which can be written again.</summary>
    public void Remove(ulong inum)
    {
        using (_filesLock.EnterScope())
        {
            _ = _files.Remove(inum);
            _isAny = _files.Count != 0;
        }
    }
}
