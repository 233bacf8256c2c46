// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Cluster.Changes;

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
    /// <summary>What a change of an object's meta or of one leaf may cost in rewritten blocks: the way from
    /// a leaf to the root, most of it shared with other changes of the group.</summary>
    public const long ChangeBytes = 8 << 10;

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

    /// <summary>Free bytes that a change that adds may not take: promised ones, and the reserve.</summary>
    public ulong KeptBytes => (ulong)Math.Max(0, PromisedBytes + _reserveBytes);

    /// <summary>True when a change of this size may be accepted; it is promised then.</summary>
    public bool TryPromise(long bytes, SpaceUse use)
    {
        long free = (long)Math.Min(_pfs.GetSpace().FreeBytes, long.MaxValue);
        long kept = use == SpaceUse.Add ? _reserveBytes : _reserveBytes / 4;
        if (Interlocked.Add(ref _promisedBytes, bytes) + kept <= free) return true;
        Release(bytes);
        return false;
    }

    /// <summary>True when that much could be promised for adding.</summary>
    public bool HasRoom(long bytes)
    {
        long free = (long)Math.Min(_pfs.GetSpace().FreeBytes, long.MaxValue);
        return bytes <= free - PromisedBytes - _reserveBytes;
    }

    /// <summary>Takes a promise back: the space was taken, or is not needed.</summary>
    public void Release(long bytes) => _ = Interlocked.Add(ref _promisedBytes, -bytes);
}
