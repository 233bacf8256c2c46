// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains.Freemap;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Trees;

/// <summary>
/// Puts new blocks on one filesystem: takes space, writes, and fills in the reference. It never writes where
/// anything was before, so nothing that it does counts until a volume header leads to it.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class BlockWriter
{
    private readonly VolumeSet _volumes;
    private readonly FreemapAllocator _allocator;
    private readonly MediaFaultLog _faults;

    internal BlockWriter(VolumeSet volumes, FreemapAllocator allocator, MediaFaultLog faults)
    {
        _volumes = volumes;
        _allocator = allocator;
        _faults = faults;
    }

    /// <summary>Stores a block.</summary>
    /// <param name="reference">Has type, methods and keys; gets the place and the check code.</param>
    /// <param name="stored">The bytes as they are to be on media; 1, 2, 4 ... 64 KiB.</param>
    /// <returns>None; NoSpace; Io, which was logged.</returns>
    public Hammer2Error Write(ref Blockref reference, ReadOnlySpan<byte> stored)
    {
        CheckCode.Store(ref reference, stored);
        return WriteChecked(ref reference, stored);
    }

    /// <summary>Makes sure that a block which is to get a second owner counts as in use, whatever bulkfree
    /// thought of it.</summary>
    /// <returns>None; what reading the freemap met.</returns>
    public Hammer2Error MarkShared(in Blockref reference) => _allocator.MarkAllocated(reference.Data);

    /// <summary>Stores a block whose check code is in the reference already: it is the same on every
    /// node.</summary>
    public Hammer2Error WriteChecked(ref Blockref reference, ReadOnlySpan<byte> stored)
    {
        int radix = int.Log2(stored.Length);
        Hammer2Error error = _allocator.Allocate(reference.Type, radix, out DataOffset place);
        if (error != Hammer2Error.None) return error;
        Invariant.Holds(place.SizeBytes == stored.Length);
        reference.Data = place;
        error = _volumes.Write(place.Bytes, stored);
        if (error != Hammer2Error.None) _faults.Report(reference, error, "the device could not write it");
        return error;
    }
}
