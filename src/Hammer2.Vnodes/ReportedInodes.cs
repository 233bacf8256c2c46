// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Vnodes;

/// <summary>
/// Inodes of which something wrong was logged. A program that stats a damaged directory in a loop must not
/// fill the journal, so each is reported once, and only so many at all.
/// </summary>
/// <remarks>Lock: rank 80, a leaf.</remarks>
internal sealed class ReportedInodes
{
    private const int ReportedMax = 4096;

    private readonly Lock _gate = new();
    private readonly HashSet<ulong> _inums = [];

    /// <summary>True when the inode is to be reported now.</summary>
    public bool IsFirst(ulong inum)
    {
        lock (_gate) return _inums.Count < ReportedMax && _inums.Add(inum);
    }
}
