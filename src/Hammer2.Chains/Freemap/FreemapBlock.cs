// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Chains.Freemap;

/// <summary>A block of the freemap, by its reference.</summary>
internal abstract class FreemapBlock
{
    private Blockref _reference;

    /// <summary>The reference to this block in its parent.</summary>
    public ref Blockref Reference => ref _reference;

    /// <summary>True when it was changed since it was written last.</summary>
    public bool IsDirty { get; set; }

    /// <summary>True for a block that was never written: it has a key and no location yet.</summary>
    public bool IsNew => _reference.Data.Raw == 0;

    /// <summary>Points the reference to the next of the block's eight locations, with the check code of what is
    /// to be written there.</summary>
    /// <remarks>The location written last is left alone, since the header on media still leads there.</remarks>
    public void MoveToNextLocation(ulong tid, ReadOnlySpan<byte> block)
    {
        bool isKnown = FreemapGeometry.TryGetLevel(_reference.KeyBits, out int level);
        Invariant.Holds(isKnown);
        int set = 0;
        if (!IsNew && FreemapGeometry.TryGetSet(_reference.Data.Bytes, _reference.Key, level, out int last))
            set = FreemapGeometry.NextSet(last);
        ulong offset = FreemapGeometry.OffsetOf(_reference.Key, level, set);
        _reference.Data = new DataOffset(offset, FreemapGeometry.BlockRadix);
        _reference.MirrorTid = tid;
        CheckCode.Store(ref _reference, block);
    }

    /// <summary>A reference to a block that has no location yet.</summary>
    protected static Blockref NewReference(BlockrefType type, ulong key, int level) => new()
    {
        Type = type,
        Methods = new BlockMethods(CheckMethod.Freemap, CompressionMethod.None),
        Key = key,
        KeyBits = (byte)FreemapGeometry.KeyBitsOf(level),
        FreemapBigMask = uint.MaxValue,
    };
}
