// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>How far the resynchronization of a node is, for people.</summary>
/// <remarks>Written by one thread, read by any.</remarks>
internal sealed class ResyncProgress
{
    private int _pass;
    private ulong _next;
    private ulong _lastInum;
    private long _changes;
    private long _copiedBytes;

    /// <summary>A pass begins.</summary>
    /// <param name="lastInum">The last inode number of the source.</param>
    public void BeginPass(ulong lastInum)
    {
        Volatile.Write(ref _lastInum, lastInum);
        Volatile.Write(ref _next, 0);
        _ = Interlocked.Increment(ref _pass);
    }

    /// <summary>A unit is committed.</summary>
    /// <param name="next">The key at which the next one begins; null at the end of the pass.</param>
    /// <param name="changes">References changed by it.</param>
    /// <param name="copiedBytes">File data copied by it.</param>
    public void Advance(ulong? next, int changes, long copiedBytes)
    {
        Volatile.Write(ref _next, Math.Min(next ?? Media.EntryKeyBit, Media.EntryKeyBit));
        _ = Interlocked.Add(ref _changes, changes);
        _ = Interlocked.Add(ref _copiedBytes, copiedBytes);
    }

    /// <summary>As the end of a sentence about the node. Inodes are passed in the order of their numbers.</summary>
    public override string ToString()
    {
        ulong last = Volatile.Read(ref _lastInum);
        ulong passed = Math.Min(Volatile.Read(ref _next), last);
        double percent = last == 0 ? 0 : 100.0 * passed / last;
        return string.Create(CultureInfo.InvariantCulture,
            $"pass {Volatile.Read(ref _pass)} of its resynchronization has come to {percent:f0} % of the inode "
            + $"numbers, {Volatile.Read(ref _changes)} references were changed and "
            + $"{Volatile.Read(ref _copiedBytes) >> 20} MiB of file data copied");
    }
}
