// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;

namespace Hammer2.Vnodes;

/// <summary>
/// Inodes whose damage was logged. A program that stats a damaged directory in a loop must not fill the journal, so
/// each inode is reported once, and their number is limited.
/// </summary>
/// <remarks>Lock: rank 80, a leaf.</remarks>
internal sealed class ReportedInodes
{
    private const int ReportedMax = 4096;

    private readonly RankedLock _inumsLock = new(LockRank.ReportedInodes);
    private readonly HashSet<ulong> _inums = [];

    /// <summary>True when the inode was not reported before.</summary>
    public bool IsFirst(ulong inum)
    {
        using (_inumsLock.EnterScope()) return _inums.Count < ReportedMax && _inums.Add(inum);
    }
}
