// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Testing;

/// <summary>
/// Recomputes the check codes of changed blocks: stores the check code of each changed block in all references to it,
/// and so on up to the volume header, whose CRCs are set last. Only validation can then reject the change.
/// </summary>
public sealed class MediaSigner
{
    private readonly VolumeSet _volumes;
    private readonly SortedDictionary<int, MapBlock> _changed = [];
    private readonly byte[] _header;
    private bool _isHeaderChanged;

    /// <summary>Works on writable volumes, normally on overlays of the mapped ones.</summary>
    public MediaSigner(VolumeSet volumes)
    {
        _volumes = volumes;
        _header = new byte[Media.VolumeHeaderBytes]; // the current one, which may include earlier changes
        if (volumes.Volumes[0].Device.Read(HeaderOffset, _header) != Hammer2Error.None)
            throw new InvalidOperationException("the header cannot be read");
    }

    /// <summary>The volume header, which may be changed before <see cref="Sign"/>.</summary>
    public VolumeHeaderView Header
    {
        get
        {
            _isHeaderChanged = true;
            return new VolumeHeaderView(_header);
        }
    }

    private long HeaderOffset => _volumes.Header.CopyIndex * Media.HeaderZoneBytes;

    /// <summary>Records that the bytes of a block were changed on the volumes.</summary>
    public void Changed(MapBlock block) => _changed[block.Order] = block;

    /// <summary>Recomputes the check codes of everything above the changed blocks.</summary>
    public void Sign()
    {
        while (_changed.Count > 0)
        {
            MapBlock block = TakeFirst(); // children come first, so each block is processed once
            byte[] bytes = new byte[block.SizeBytes];
            if (_volumes.Read(block.Address, bytes) != Hammer2Error.None)
                throw new InvalidOperationException($"no block at 0x{block.Address:x}");
            foreach (MapReference place in block.References)
                StoreAt(place, bytes);
        }
        if (!_isHeaderChanged)
            return;
        VolumeHeaderCandidate.StoreCrcs(new VolumeHeaderView(_header));
        if (_volumes.Volumes[0].Device.Write(HeaderOffset, _header) != Hammer2Error.None)
            throw new InvalidOperationException("the header cannot be written");
    }

    /// <summary>Stores the check code of the block that a reference now refers to, if there is one.</summary>
    public void StoreCodeIn(ref Blockref reference)
    {
        int size = reference.Data.SizeBytes;
        if (size is 0 or > Media.AllocationBytesMax || !CheckCode.IsKnown(reference.Methods.Check))
            return;
        byte[] bytes = new byte[size];
        if (_volumes.Read(reference.Data.Bytes, bytes) == Hammer2Error.None)
            CheckCode.Store(ref reference, bytes);
    }

    private MapBlock TakeFirst()
    {
        foreach ((int order, MapBlock block) in _changed)
        {
            _ = _changed.Remove(order);
            return block;
        }
        throw new InvalidOperationException("nothing changed");
    }

    private void StoreAt(MapReference place, ReadOnlySpan<byte> block)
    {
        if (place.Parent == null)
        {
            Span<byte> inHeader = Header.Bytes.Slice(place.Offset, Blockref.SizeBytes);
            Store(ref MemoryMarshal.AsRef<Blockref>(inHeader), block);
            return;
        }
        Blockref reference = default;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<Blockref>(ref reference));
        ulong address = place.Parent.Address + (ulong)place.Offset;
        if (_volumes.Read(address, bytes) != Hammer2Error.None)
            throw new InvalidOperationException($"no reference at 0x{address:x}");
        Store(ref reference, block);
        if (_volumes.Write(address, bytes) != Hammer2Error.None)
            throw new InvalidOperationException($"the reference at 0x{address:x} cannot be written");
        Changed(place.Parent);
    }

    // A reference whose check method was made invalid keeps it; no check code can be stored.
    private static void Store(ref Blockref reference, ReadOnlySpan<byte> block)
    {
        if (CheckCode.IsKnown(reference.Methods.Check))
            CheckCode.Store(ref reference, block);
    }
}
