// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Runtime.InteropServices;

namespace Hammer2.Format;

public static partial class MediaValidator
{
    /// <summary>
    /// Checks a freemap block: the references of a node, or the entries of a leaf. Whether the counts of available
    /// bytes agree with the bitmap is checked by fsck, not here.
    /// </summary>
    public static MediaFault? Freemap(in Blockref reference, ReadOnlySpan<byte> block)
    {
        if (block.Length != FreemapGeometry.BlockBytes)
        {
            return FreemapFault(
                "size", "not that of a freemap block", (ulong)block.Length, FreemapGeometry.BlockBytes);
        }

        if (reference.Type == BlockrefType.FreemapNode)
        {
            return FreemapNode(reference, MemoryMarshal.Cast<byte, Blockref>(block));
        }

        ReadOnlySpan<FreemapEntry> entries = MemoryMarshal.Cast<byte, FreemapEntry>(block);
        for (int index = 0; index < entries.Length; index++)
        {
            if (Entry(entries[index]) is { } fault)
            {
                string field = string.Create(CultureInfo.InvariantCulture, $"entry {index} {fault.Field}");
                return fault with { Field = field };
            }
        }

        return null;
    }

    private static MediaFault? Entry(in FreemapEntry entry)
    {
        if (entry.LinearOffset is < 0 or > FreemapEntry.LinearOffsetNone)
        {
            return FreemapFault(
                "linear offset", "out of range", (uint)entry.LinearOffset, FreemapEntry.LinearOffsetNone);
        }

        if (entry.AvailableBytes > Media.SegmentBytes || entry.AvailableBytes % Media.GranuleBytes != 0)
        {
            return FreemapFault("available bytes", "out of range", entry.AvailableBytes, Media.SegmentBytes);
        }

        return null;
    }

    private static MediaFault? FreemapNode(in Blockref reference, ReadOnlySpan<Blockref> table)
    {
        if (!FreemapGeometry.TryGetLevel(reference.KeyBits, out _))
        {
            return FreemapFault("key bits", "not those of a freemap level", reference.KeyBits,
                (ulong)FreemapGeometry.KeyBitsOf(FreemapGeometry.LevelMax));
        }

        if (Table(table, BlockrefType.FreemapNode) is { } fault) return fault;

        // Unlike in the tree of files, the offset of a child follows from its key.
        var covered = KeyRange.Around(reference.Key, reference.KeyBits);
        for (int slot = 0; slot < table.Length; slot++)
        {
            ref readonly Blockref child = ref table[slot];
            if (child.IsEmpty || (child.KeyBits < reference.KeyBits && covered.Contains(child.Key))) continue;
            string field = string.Create(CultureInfo.InvariantCulture, $"slot {slot} key");
            return FreemapFault(field, "outside the node", child.Key, covered.First);
        }

        return null;
    }

    /// <summary>A freemap block is at one of eight offsets that follow from its key and level.</summary>
    private static MediaFault? FreemapReference(in Blockref reference)
    {
        bool isLeaf = reference.Type == BlockrefType.FreemapLeaf;
        if (!FreemapGeometry.TryGetLevel(reference.KeyBits, out int level)
            || isLeaf != (level == FreemapGeometry.LevelLeaf))
        {
            return Fault("key bits", "not those of a freemap level", reference.KeyBits,
                (ulong)FreemapGeometry.KeyBitsOf(FreemapGeometry.LevelLeaf));
        }

        if (KeyAlignment(reference) is { } keyFault) return keyFault;
        const int wanted = FreemapGeometry.BlockRadix;
        if (Radix(reference, wanted, wanted) is { } fault) return fault;
        return FreemapGeometry.TryGetSet(reference.Data.Bytes, reference.Key, level, out _)
            ? null
            : Fault("data offset", "not an offset of this freemap block", reference.Data.Bytes,
                FreemapGeometry.OffsetOf(reference.Key, level, 0));
    }

    private static MediaFault FreemapFault(string field, string reason, ulong found, ulong expected) =>
        new(MediaKind.Freemap, field, reason, found, expected);
}
