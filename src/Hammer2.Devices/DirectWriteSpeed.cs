// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Devices;

/// <summary>
/// Tells whether long writes should bypass the page cache of a device. On a fast device they should: that saves a copy,
/// and memory for bytes that the kernel caches with the file as well, and leaves barriers less to wait for. A slow
/// device would make the writer wait for what the page cache takes at once.
/// </summary>
/// <remarks>Thread-safe; a lost update does no harm.</remarks>
internal sealed class DirectWriteSpeed
{
    /// <summary>Direct writes in a row that must be slow until the page cache is used.</summary>
    internal const int SlowWritesMax = 16;

    /// <summary>Of so many writes to a slow device one is tried directly.</summary>
    internal const int WritesPerTrial = 64;

    // 500 MB/s. Disks that rotate and memory cards stay below it once their own caches are full.
    private const double FastSecondsPerByte = 1 / 500e6;

    private int _slow;
    private int _buffered;

    /// <summary>True when the next long write should be a direct one.</summary>
    public bool ShouldWriteDirectly() => Volatile.Read(ref _slow) < SlowWritesMax
        || Interlocked.Increment(ref _buffered) % WritesPerTrial == 0;

    /// <summary>Adds a direct write.</summary>
    /// <param name="bytes">Its length.</param>
    /// <param name="elapsed">How long it took.</param>
    public void Add(int bytes, TimeSpan elapsed)
    {
        bool isFast = elapsed.TotalSeconds <= bytes * FastSecondsPerByte;
        Volatile.Write(ref _slow, isFast ? 0 : Math.Min(_slow + 1, SlowWritesMax));
    }
}
