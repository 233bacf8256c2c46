// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Chains.Commits;
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>
/// Space of one device reserved for accepted changes that have not allocated it yet, of all PFSs together. A change
/// that could not be committed is refused at once, so that a commit never runs out of space.
/// </summary>
/// <remarks>
/// Upstream: <c>hammer2_vfs_enospace</c>, which reserves nothing and can lose writes in the flush. Lock-free: a request
/// first adds itself to the sum and then checks the sum, so that of two requests that do not fit together at most one
/// succeeds. A fenced device refuses nothing, since nothing will be written to it.
/// </remarks>
public sealed class SpaceReservations
{
    // Blocks of metadata may break up runs of 64 KiB that are reserved for file data.
    private const long RunSlackBytes = 512 << 10;

    private const long ReserveBytesMin = 2L << 20;
    private const long ReserveBytesMax = 64L << 20;
    private const int ReserveShare = 50;

    private readonly FreemapAllocator _allocator;
    private readonly DeviceFence _fence;
    private long _reservedBytes;
    private ulong _totalBytes;
    private long _reserveBytes;
    private volatile bool _isEmergency;

    internal SpaceReservations(FreemapAllocator allocator, ulong totalBytes, DeviceFence fence)
    {
        _allocator = allocator;
        _fence = fence;
        SetTotal(totalBytes);
    }

    /// <summary>Bytes of the device that can be allocated at all.</summary>
    public ulong TotalBytes => Volatile.Read(ref _totalBytes);

    /// <summary>Free bytes not available to changes that add: removing and overwriting also allocate before they free
    /// anything, since they are copy-on-write.</summary>
    public long ReserveBytes => Volatile.Read(ref _reserveBytes);

    /// <summary>True in emergency mode: changes that add are refused, by all PFSs on the device, and what removes may
    /// use the last free byte.</summary>
    public bool IsEmergency
    {
        get => _isEmergency;
        set => _isEmergency = value;
    }

    /// <summary>Bytes reserved and not released.</summary>
    public long ReservedBytes => Volatile.Read(ref _reservedBytes);

    /// <summary>Changes the size of the device.</summary>
    /// <param name="totalBytes">Bytes that can be allocated at all.</param>
    internal void SetTotal(ulong totalBytes)
    {
        long share = (long)Math.Min(totalBytes, long.MaxValue) / ReserveShare;
        Volatile.Write(ref _totalBytes, totalBytes);
        Volatile.Write(ref _reserveBytes, Math.Clamp(share, ReserveBytesMin, ReserveBytesMax));
    }

    /// <summary>Reserves space for a change, if there is enough.</summary>
    /// <param name="bytes">The most that it can allocate.</param>
    /// <param name="dataBytes">Bytes of these for file data, which may need contiguous 64 KiB.</param>
    /// <param name="use">Tells whether the change adds or removes.</param>
    /// <returns>True when it was reserved; then <see cref="Release"/> must follow.</returns>
    public bool TryReserve(long bytes, long dataBytes, SpaceUse use)
    {
        long before = Interlocked.Add(ref _reservedBytes, bytes) - bytes;
        bool needsRuns = dataBytes > 0 || use == SpaceUse.Add;
        long kept = use == SpaceUse.Add ? ReserveBytes : _isEmergency ? 0 : ReserveBytes / 4;
        if (Fits(before, bytes, needsRuns ? dataBytes : null, kept)) return true;
        Release(bytes);
        return false;
    }

    /// <summary>Reserves without checking that there is enough: for a change that does not concern this device but is
    /// charged equally on all devices of its PFS.</summary>
    public void Charge(long bytes) => _ = Interlocked.Add(ref _reservedBytes, bytes);

    /// <summary>True when this many bytes of file data could be reserved for adding.</summary>
    public bool HasRoom(long bytes) =>
        bytes < long.MaxValue / 2 && Fits(ReservedBytes, bytes, bytes, ReserveBytes);

    /// <summary>Ends a reservation, or a part of one: the space was allocated, or is not needed.</summary>
    public void Release(long bytes) => _ = Interlocked.Add(ref _reservedBytes, -bytes);

    // It is unknown how much of earlier reservations needs whole runs: all of it is charged as such. The rest of this
    // change can also use broken runs.
    private bool Fits(long before, long bytes, long? dataBytes, long kept)
    {
        long runBytes = dataBytes is { } data ? before + data + RunSlackBytes : 0;
        long smallBytes = dataBytes is { } large ? bytes - large : 0;
        return _fence.IsFenced || _allocator.HasRoom(before + bytes + kept, runBytes, smallBytes);
    }
}
