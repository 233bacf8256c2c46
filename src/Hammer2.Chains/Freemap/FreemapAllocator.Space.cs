// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Chains.Freemap;

// How much is free, as far as promises need to know it.
public sealed partial class FreemapAllocator
{
    private long _knownBytes;
    private long _knownRunBytes;
    private ulong _shownBytes;

    /// <summary>Free bytes, for people. Exact once every leaf was seen; until then the volume header's count,
    /// which upstream overstates by up to a segment when a filesystem is made, and more when it is
    /// grown.</summary>
    public ulong FreeBytes => Volatile.Read(ref _shownBytes);

    /// <summary>Says whether so much can certainly be given out. Leaves that were not seen yet are read until it
    /// is known.</summary>
    /// <param name="bytes">In all.</param>
    /// <param name="runBytes">Of it in blocks of 64 KiB.</param>
    public bool HasRoom(long bytes, long runBytes)
    {
        if (IsKnown(bytes, runBytes)) return true;
        lock (_gate)
        {
            if (_tree.IsAllKnown) return IsKnown(bytes, runBytes);
            // A leaf that cannot be read was reported, and has no room.
            _ = _tree.CountUntil(new FreeSpace(bytes, runBytes));
            Publish();
            return IsKnown(bytes, runBytes);
        }
    }

    private bool IsKnown(long bytes, long runBytes) =>
        Volatile.Read(ref _knownBytes) >= bytes && Volatile.Read(ref _knownRunBytes) >= runBytes;

    private void Publish()
    {
        FreeSpace known = _tree.Known;
        Volatile.Write(ref _knownBytes, known.Bytes);
        Volatile.Write(ref _knownRunBytes, known.RunBytes);
        Volatile.Write(ref _shownBytes, _tree.IsAllKnown ? (ulong)known.Bytes : _freeBytes);
    }
}
