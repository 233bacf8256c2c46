// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <summary>
/// Files of which the kernel could not write out what its writeback cache had accepted. By itself write(2) goes on
/// accepting, and only fsync(2) and close(2) tell; these are the files whose writers are to be told at once.
/// </summary>
/// <remarks>Lock: a leaf.</remarks>
internal sealed class RefusedWrites
{
    private const int FilesMax = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Errno> _files = [];
    private readonly HashSet<ulong> _untold = [];
    private bool _isTelling;
    private volatile bool _isAny;

    /// <summary>False as long as all is well.</summary>
    public bool IsAny => _isAny;

    /// <summary>Takes note of a file, of which the kernel is to be told. Beyond some number the others are forgotten
    /// until it happens to them again.</summary>
    /// <returns>True when somebody has to call <see cref="TryNextUntold"/> until there are no more.</returns>
    public bool Add(ulong inum, Errno error)
    {
        lock (_gate)
        {
            if (_files.Count >= FilesMax) _files.Clear();
            _files[inum] = error;
            _isAny = true;
            _ = _untold.Add(inum);
            if (_isTelling) return false;
            return _isTelling = true;
        }
    }

    /// <summary>A file of which the kernel was not told since its last refusal.</summary>
    /// <returns>False when there are no more.</returns>
    public bool TryNextUntold(out ulong inum)
    {
        lock (_gate)
        {
            inum = _untold.FirstOrDefault();
            return _isTelling = _untold.Remove(inum);
        }
    }

    /// <summary>Why writing a file was refused; None when it was not.</summary>
    public Errno Of(ulong inum)
    {
        lock (_gate) return _files.GetValueOrDefault(inum, Errno.None);
    }

    /// <summary>The reason is gone, as far as this file goes.</summary>
    public void Remove(ulong inum)
    {
        lock (_gate)
        {
            _ = _files.Remove(inum);
            _isAny = _files.Count != 0;
        }
    }
}
