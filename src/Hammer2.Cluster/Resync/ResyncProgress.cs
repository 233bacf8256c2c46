// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Cluster.Resync;

/// <summary>How far the resynchronization of a node is, for people.</summary>
/// <remarks>Written by one thread, read by any. Inodes are passed in the order of their numbers, so that the number
/// that a pass has come to tells how far it is.</remarks>
/// <param name="time">The clock.</param>
public sealed class ResyncProgress(TimeProvider time)
{
    // Before that, a part of the pass says too little about the rest.
    private const double EstimatedFromPercent = 2;
    private static readonly TimeSpan s_estimatedFrom = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_longestEstimate = TimeSpan.FromDays(99);

    private int _pass;
    private ulong _next;
    private ulong _lastInum;
    private long _changes;
    private long _copiedBytes;
    private long _begun;

    /// <summary>Number of the pass, from 1.</summary>
    public int Pass => Volatile.Read(ref _pass);

    /// <summary>References changed so far, by all passes.</summary>
    public long Changes => Volatile.Read(ref _changes);

    /// <summary>File data copied so far, by all passes.</summary>
    public long CopiedBytes => Volatile.Read(ref _copiedBytes);

    /// <summary>How far the pass is, 0 to 100.</summary>
    public double Percent
    {
        get
        {
            ulong last = Volatile.Read(ref _lastInum);
            return last == 0 ? 0 : 100.0 * Math.Min(Volatile.Read(ref _next), last) / last;
        }
    }

    /// <summary>How long the pass will still take, if it goes on as until now; null while that cannot be
    /// told.</summary>
    public TimeSpan? Remaining => Estimate(Percent, time.GetElapsedTime(Volatile.Read(ref _begun)));

    /// <summary>A pass begins.</summary>
    /// <param name="lastInum">The last inode number of the source.</param>
    internal void BeginPass(ulong lastInum)
    {
        Volatile.Write(ref _lastInum, lastInum);
        Volatile.Write(ref _next, 0);
        Volatile.Write(ref _begun, time.GetTimestamp());
        _ = Interlocked.Increment(ref _pass);
    }

    /// <summary>A unit is committed.</summary>
    /// <param name="next">The key at which the next one begins; null at the end of the pass.</param>
    /// <param name="changes">References changed by it.</param>
    /// <param name="copiedBytes">File data copied by it.</param>
    internal void Advance(ulong? next, int changes, long copiedBytes)
    {
        Volatile.Write(ref _next, Math.Min(next ?? Media.EntryKeyBit, Media.EntryKeyBit));
        _ = Interlocked.Add(ref _changes, changes);
        _ = Interlocked.Add(ref _copiedBytes, copiedBytes);
    }

    /// <summary>The rest of a pass by the part that is done.</summary>
    /// <returns>Null when too little is done to tell, or when the answer would be longer than 99 days.</returns>
    internal static TimeSpan? Estimate(double percent, TimeSpan elapsed)
    {
        if (percent < EstimatedFromPercent || elapsed < s_estimatedFrom) return null;
        TimeSpan rest = elapsed * ((100 - percent) / percent);
        return rest > s_longestEstimate ? null : rest;
    }

    /// <summary>As the end of a sentence about the node.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"pass {Pass} of its resynchronization has come to {Percent:f0} % of the inode numbers, {Changes} references "
        + $"were changed and {CopiedBytes >> 20} MiB of file data copied{RestText()}");

    private string RestText() => Remaining switch
    {
        null => "",
        { TotalSeconds: < 90 } rest => $"; it has some {Math.Max(1, Math.Round(rest.TotalSeconds))} s to go",
        { TotalMinutes: < 90 } rest => $"; it has some {Math.Round(rest.TotalMinutes)} min to go",
        { TotalHours: < 48 } rest => $"; it has some {Math.Round(rest.TotalHours)} h to go",
        { } rest => $"; it has some {Math.Round(rest.TotalDays)} days to go",
    };
}
