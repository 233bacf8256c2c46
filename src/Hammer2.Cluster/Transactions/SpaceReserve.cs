// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Cluster.Transactions;

/// <summary>What a change needs space for.</summary>
public enum SpaceUse
{
    /// <summary>Adding: refused when what is left is needed for removing.</summary>
    Add,

    /// <summary>Removing or changing what is there: may use the reserve, since copy-on-write takes space
    /// before it gives any back.</summary>
    Remove,
}

/// <summary>
/// Space that accepted changes were promised and have not taken yet. A change that could not be written is
/// refused when it is asked for, so that a commit never runs out.
/// </summary>
/// <remarks>Upstream: <c>hammer2_vfs_enospace</c>, which promises nothing and can lose writes in the flush.
/// Lock-free.</remarks>
internal sealed class SpaceReserve
{
    /// <summary>The most that a change of an object's meta or of one leaf can cost in rewritten blocks: the
    /// block itself and the way to the root, three blocks of 16 KiB and one of 4 KiB, with one of them
    /// split.</summary>
    public const long ChangeBytes = 64 << 10;

    /// <summary>The most that the reference to one more changed block of a file can cost beside the change of the
    /// file: the block of references that it is in, and its part of those above.</summary>
    public const long BlockBytes = 24 << 10;

    // File data brings references to it, in blocks of 16 KiB for each 8 MiB.
    private const int DataPerReferences = 64;

    // Blocks of metadata may break up runs of 64 KiB that file data was promised.
    private const long RunSlackBytes = 512 << 10;

    private const long ReserveBytesMin = 2L << 20;
    private const long ReserveBytesMax = 64L << 20;
    private const int ReserveShare = 50;

    private readonly Pfs _pfs;
    private readonly long _reserveBytes;
    private long _promisedBytes;

    public SpaceReserve(Pfs pfs)
    {
        _pfs = pfs;
        long total = (long)Math.Min(pfs.GetSpace().TotalBytes, long.MaxValue);
        _reserveBytes = Math.Clamp(total / ReserveShare, ReserveBytesMin, ReserveBytesMax);
    }

    /// <summary>Promised and not taken.</summary>
    public long PromisedBytes => Volatile.Read(ref _promisedBytes);

    /// <summary>Free bytes that a change that adds may not take.</summary>
    public long ReserveBytes => _reserveBytes;

    /// <summary>The most that a change can take.</summary>
    /// <param name="dataBytes">Of file data, in whole blocks.</param>
    /// <param name="leaves">Objects and entries changed.</param>
    public static long WorstCase(long dataBytes, int leaves) =>
        dataBytes + (leaves * ChangeBytes) + (dataBytes > 0 ? ChangeBytes + (dataBytes / DataPerReferences) : 0);

    /// <summary>True when a change of this size may be accepted; it is promised then.</summary>
    /// <param name="bytes">What it can take at most.</param>
    /// <param name="dataBytes">How much of it is file data, which may need 64 KiB in one piece.</param>
    /// <param name="use">Whether it adds.</param>
    public bool TryPromise(long bytes, long dataBytes, SpaceUse use)
    {
        long before = Interlocked.Add(ref _promisedBytes, bytes) - bytes;
        bool needsRuns = dataBytes > 0 || use == SpaceUse.Add;
        long kept = use == SpaceUse.Add ? _reserveBytes : _reserveBytes / 4;
        if (FitsOnAll(before, bytes, needsRuns ? dataBytes : null, kept)) return true;
        Release(bytes);
        return false;
    }

    /// <summary>True when that much could be promised for adding.</summary>
    public bool HasRoom(long bytes) =>
        bytes < long.MaxValue / 2 && FitsOnAll(PromisedBytes, bytes, bytes, _reserveBytes);

    // Every node takes every change, so that the fullest one decides. Which part of what was promised before needs
    // runs is not known: all of it counts as if it did. What remains of this change goes to broken runs, too.
    private bool FitsOnAll(long before, long bytes, long? dataBytes, long kept)
    {
        long runBytes = dataBytes is { } data ? before + data + RunSlackBytes : 0;
        long smallBytes = dataBytes is { } large ? bytes - large : 0;
        foreach (PresentNode node in _pfs.Synced)
        {
            if (node.IsSynced && !node.Device.HasRoom(before + bytes + kept, runBytes, smallBytes)) return false;
        }
        return true;
    }

    /// <summary>Takes a promise back: the space was taken, or is not needed.</summary>
    public void Release(long bytes) => _ = Interlocked.Add(ref _promisedBytes, -bytes);
}
