// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Healing;

namespace Hammer2.Cluster.Scrubbing;

/// <summary>What lasts for a whole scrub of a filesystem: what was seen, how much was read, and when a slice ends.
/// </summary>
internal sealed class ScrubWork
{
    private const int FindingsMax = HealingWork.BatchMax;
    private const ulong SliceBytes = 64 << 20;

    // More than one path from the top, so that each slice goes on, however slow the device is.
    private const int SliceBlocksMin = 256;

    private static readonly TimeSpan s_slice = TimeSpan.FromSeconds(3);

    private readonly RateThrottle _throttle;
    private readonly TimeProvider _time;
    private readonly Func<bool> _isCancelled;
    private ulong _sliceEnd;
    private long _sliceBegan;
    private int _sliceBlocks;

    /// <param name="mender">Writes blocks again.</param>
    /// <param name="throttle">Keeps it below a rate.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isCancelled">True ends it.</param>
    public ScrubWork(BlockMender mender, RateThrottle throttle, TimeProvider time, Func<bool> isCancelled)
    {
        Mender = mender;
        _throttle = throttle;
        _time = time;
        _isCancelled = isCancelled;
    }

    /// <summary>Writes blocks again.</summary>
    public BlockMender Mender { get; }

    /// <summary>What was found whole.</summary>
    public ScrubSeen Seen { get; } = new();

    /// <summary>What was done.</summary>
    public ScrubCounts Counts { get; } = new();

    /// <summary>True once it is to end.</summary>
    public bool IsCancelled => _isCancelled();

    /// <summary>Begins a slice.</summary>
    public void BeginSlice()
    {
        _sliceEnd = Counts.CheckedBytes + SliceBytes;
        _sliceBegan = _time.GetTimestamp();
        _sliceBlocks = 0;
    }

    /// <summary>True when the slice is done, and the commit that it reads is to be let go.</summary>
    /// <param name="findings">Damaged blocks in this slice that wait.</param>
    public bool IsSpent(int findings)
    {
        if (findings >= FindingsMax || _isCancelled()) return true;
        return _sliceBlocks >= SliceBlocksMin
            && (Counts.CheckedBytes >= _sliceEnd || _time.GetElapsedTime(_sliceBegan) >= s_slice);
    }

    /// <summary>Counts a block that was read, and waits while it is ahead of the rate.</summary>
    public void CountRead(int bytes)
    {
        Counts.CheckedBytes += (ulong)bytes;
        _sliceBlocks++;
        _throttle.Count(bytes, _isCancelled);
    }
}
