// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;

namespace Hammer2.Chains.Freemap;

// How much is free, as far as reservations need to know it.
public sealed partial class FreemapAllocator
{
    // With more whole runs than this, smaller blocks may break some to stay contiguous.
    private const long AmpleRunBytes = 256L << 20;

    // With fewer, they break one only when no broken run is left.
    private const long ScarceRunBytes = 4L << 20;

    private long _knownBytes;
    private long _knownRunBytes;
    private long _usedFragmentBytes;                // free bytes in broken runs, if smaller blocks must use those
    private ulong _shownBytes;
    private ulong _unwrittenBytes;

    /// <summary>Free bytes, for display. Exact once every leaf was read; until then the volume header's count, which
    /// upstream overstates by up to a segment when a filesystem is made, and more when it is grown.</summary>
    public ulong FreeBytes => Volatile.Read(ref _shownBytes);

    /// <summary>Bytes allocated since the freemap was last written, for display; less what was freed.</summary>
    public ulong UnwrittenBytes => Volatile.Read(ref _unwrittenBytes);

    // Only once all leaves were read: leaves not read yet may have many whole runs.
    private bool PrefersFragments
    {
        get
        {
            FreeSpace known = _tree.Known;
            return _tree.IsAllKnown && known.FragmentBytes > 0
                && (known.RunBytes < AmpleRunBytes || known.RunBytes < known.FragmentBytes);
        }
    }

    private bool AreRunsScarce => _tree.IsAllKnown && _tree.Known.RunBytes < ScarceRunBytes;

    /// <summary>Says whether so much can certainly be allocated. Leaves that were not seen yet are read until it
    /// is known.</summary>
    /// <param name="bytes">Total bytes.</param>
    /// <param name="runBytes">Bytes of these in blocks of 64 KiB.</param>
    /// <param name="smallBytes">Of it in smaller blocks that use whole runs of 64 KiB when there is nothing
    /// else.</param>
    public bool HasRoom(long bytes, long runBytes, long smallBytes)
    {
        if (IsKnown(bytes, runBytes, smallBytes)) return true;
        using (_freemapLock.EnterScope())
        {
            if (_tree.IsAllKnown) return IsKnown(bytes, runBytes, smallBytes);
            // A leaf that cannot be read was reported, and counts as full.
            _ = _tree.CountUntil(new FreeSpace(bytes, runBytes + smallBytes));
            Publish();
            return IsKnown(bytes, runBytes, smallBytes);
        }
    }

    private bool IsKnown(long bytes, long runBytes, long smallBytes)
    {
        long takenFromRuns = Math.Max(0, smallBytes - Volatile.Read(ref _usedFragmentBytes));
        return Volatile.Read(ref _knownBytes) >= bytes
            && Volatile.Read(ref _knownRunBytes) >= runBytes + takenFromRuns;
    }

    private ulong Unwritten() => _writtenFreeBytes > _freeBytes ? _writtenFreeBytes - _freeBytes : 0;

    private void Publish()
    {
        FreeSpace known = _tree.Known;
        Volatile.Write(ref _knownBytes, known.Bytes);
        Volatile.Write(ref _knownRunBytes, known.RunBytes);
        Volatile.Write(ref _usedFragmentBytes, AreRunsScarce ? known.FragmentBytes : 0);
        Volatile.Write(ref _unwrittenBytes, Unwritten());
        Volatile.Write(ref _shownBytes, _tree.IsAllKnown ? (ulong)known.Bytes : _freeBytes);
    }
}
