// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Vnodes;

/// <summary>
/// Inodes whose damage was logged. A program that stats a damaged directory in a loop must not fill the journal, so
/// each inode is reported once, and their number is limited.
/// </summary>
/// <remarks>Lock: rank 80, a leaf.</remarks>
internal sealed class ReportedInodes
{
    private const int ReportedMax = 4096;

    private readonly Lock _inumsLock = new();
    private readonly HashSet<ulong> _inums = [];

    /// <summary>True when the inode was not reported before.</summary>
    public bool IsFirst(ulong inum)
    {
        lock (_inumsLock) return _inums.Count < ReportedMax && _inums.Add(inum);
    }
}
