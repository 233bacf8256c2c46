// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Format;

/// <summary>
/// Validates structures read from media. All of them pass through here: each rule rejects a structure that no correct
/// writer can have made. A result of null means that all rules hold. Reads only its arguments, never throws on content,
/// allocates memory only to report a fault.
/// </summary>
/// <remarks>
/// Not checked, because volumes made by upstream vary in it: reserved and unused fields, statistics, link counts,
/// policies (only writers use them), the size of a file with embedded data, and whether a child's key range lies within
/// its parent's.
/// </remarks>
public static partial class MediaValidator
{
    /// <summary>
    /// Checks a used reference by itself: type, methods, size, offset and keys; for directory entries also that the
    /// size matches the length of the name.
    /// </summary>
    /// <param name="reference">The reference; an unused slot is a fault.</param>
    /// <param name="owner">What its table belongs to, <see cref="BlockrefType.VolumeRoot"/> and
    /// <see cref="BlockrefType.FreemapRoot"/> included.</param>
    public static MediaFault? Reference(in Blockref reference, BlockrefType owner)
    {
        if (!MayOwn(owner, reference.Type))
        {
            return Fault("type", "not allowed here", (ulong)reference.Type, (ulong)owner);
        }

        if (!CheckCode.IsKnown(reference.Methods.Check))
        {
            return Fault(
                "check method", "unknown", (ulong)reference.Methods.Check, (ulong)CheckMethod.Freemap);
        }

        return ReferenceOffset(reference) ?? ReferenceByType(reference);
    }

    /// <summary>
    /// Checks a table: each used slot by itself, and that keys ascend without overlap. Unused slots
    /// may be anywhere.
    /// </summary>
    public static MediaFault? Table(ReadOnlySpan<Blockref> table, BlockrefType owner)
    {
        bool isFirst = true;
        ulong last = 0;
        for (int slot = 0; slot < table.Length; slot++)
        {
            ref readonly Blockref reference = ref table[slot];
            if (reference.IsEmpty) continue;
            if (Reference(reference, owner) is { } fault)
            {
                string field = string.Create(CultureInfo.InvariantCulture, $"slot {slot} {fault.Field}");
                return fault with { Field = field };
            }

            if (!isFirst && reference.Key <= last)
            {
                string field = string.Create(CultureInfo.InvariantCulture, $"slot {slot} key");
                return new MediaFault(
                    MediaKind.Table, field, "not above the keys before it", reference.Key, last);
            }

            (isFirst, last) = (false, reference.KeyEnd);
        }

        return null;
    }

    /// <summary>True when a table of <paramref name="owner"/> may hold references of type
    /// <paramref name="child"/>.</summary>
    public static bool MayOwn(BlockrefType owner, BlockrefType child) => owner switch
    {
        BlockrefType.VolumeRoot => child is BlockrefType.Inode,
        BlockrefType.Inode or BlockrefType.Indirect =>
            child is >= BlockrefType.Inode and <= BlockrefType.Dirent,
        BlockrefType.FreemapRoot or BlockrefType.FreemapNode =>
            child is BlockrefType.FreemapNode or BlockrefType.FreemapLeaf,
        _ => false,
    };

    /// <summary>The rules for size and offset that hold for every type.</summary>
    private static MediaFault? ReferenceOffset(in Blockref reference)
    {
        DataOffset data = reference.Data;
        if (data.Radix == 0)
        {
            return data.Raw == 0 ? null : Fault("data offset", "an offset without a size", data.Raw, 0);
        }

        if (data.Radix is < Media.AllocationRadixMin or > Media.AllocationRadixMax)
        {
            return Fault("data radix", "out of range", (ulong)data.Radix, Media.AllocationRadixMax);
        }

        if (data.Bytes % Media.AllocationBytesMin != 0)
        {
            return Fault("data offset", "not aligned to 1 KiB", data.Bytes, Media.AllocationBytesMin);
        }

        if ((data.Bytes % Media.BufferBytes) + (ulong)data.SizeBytes > Media.BufferBytes)
        {
            return Fault("data offset", "crosses a 64 KiB boundary", data.Bytes, Media.BufferBytes);
        }

        if (data.Bytes < Media.VolumeHeaderBytes)
        {
            return Fault("data offset", "inside the volume header", data.Bytes, Media.VolumeHeaderBytes);
        }

        return null;
    }

    /// <summary>The rules that depend on the type.</summary>
    private static MediaFault? ReferenceByType(in Blockref reference)
    {
        switch (reference.Type)
        {
            case BlockrefType.Inode:
                return Radix(reference, Media.InodeRadix, Media.InodeRadix) ?? KeyBits(reference, 0);
            case BlockrefType.Indirect:
                return Radix(reference, Media.IndirectRadixMin, Media.AllocationRadixMax)
                    ?? IndirectKeys(reference);
            case BlockrefType.Data:
                return Radix(reference, Media.AllocationRadixMin, Media.AllocationRadixMax)
                    ?? KeyBits(reference, Media.BufferRadix)
                    ?? KeyAlignment(reference)
                    ?? DataCompression(reference);
            case BlockrefType.Dirent:
                return KeyBits(reference, 0) ?? Dirent(reference);
            default:
                return FreemapReference(reference);
        }
    }

    private static MediaFault? Radix(in Blockref reference, int least, int most)
    {
        int radix = reference.Data.Radix;
        if (radix < least) return Fault("data radix", "too small for the type", (ulong)radix, (ulong)least);
        return radix > most ? Fault("data radix", "too large for the type", (ulong)radix, (ulong)most) : null;
    }

    private static MediaFault? KeyBits(in Blockref reference, int wanted) => reference.KeyBits == wanted
        ? null
        : Fault("key bits", "wrong for the type", reference.KeyBits, (ulong)wanted);

    private static MediaFault? IndirectKeys(in Blockref reference)
    {
        if (reference.KeyBits is 0 or > KeyRange.BitsMax)
        {
            return Fault("key bits", "out of range", reference.KeyBits, KeyRange.BitsMax);
        }

        return KeyAlignment(reference);
    }

    /// <summary>An aligned key cannot make the range exceed the key space.</summary>
    private static MediaFault? KeyAlignment(in Blockref reference)
    {
        KeyRange aligned = KeyRange.Around(reference.Key, reference.KeyBits);
        return aligned.First == reference.Key
            ? null
            : Fault("key", "not aligned to its key bits", reference.Key, aligned.First);
    }

    private static MediaFault? DataCompression(in Blockref reference)
    {
        CompressionMethod method = reference.Methods.Compression;
        return method is CompressionMethod.None or CompressionMethod.Lz4 or CompressionMethod.Zlib
            ? null
            : Fault("compression method", "not one of a block", (ulong)method, (ulong)CompressionMethod.Zlib);
    }

    private static MediaFault? Dirent(in Blockref reference)
    {
        if ((reference.Key & Media.EntryKeyBit) == 0)
        {
            return Fault(
                "key", "an entry among the inodes", reference.Key, reference.Key | Media.EntryKeyBit);
        }

        int nameBytes = reference.Dirent.NameBytes;
        if (nameBytes is 0 or > Media.NameBytesMax)
        {
            return Fault("name length", "out of range", (ulong)nameBytes, Media.NameBytesMax);
        }

        int wanted = nameBytes <= Media.EntryNameInlineBytesMax ? 0 : Media.AllocationRadixMin;
        if (reference.Data.Radix != wanted)
        {
            return Fault(
                "data radix", "does not match the length of the name", (ulong)reference.Data.Radix,
                (ulong)wanted);
        }

        return (reference.Dirent.Inum & Media.EntryKeyBit) == 0
            ? null
            : Fault("inode number", "has bit 63", reference.Dirent.Inum,
                reference.Dirent.Inum & ~Media.EntryKeyBit);
    }

    private static MediaFault Fault(string field, string reason, ulong found, ulong expected) =>
        new(MediaKind.Reference, field, reason, found, expected);
}
