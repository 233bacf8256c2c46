// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Format;

namespace Hammer2.Fuzz.Targets;

/// <summary>
/// References, tables of them, inodes and names of entries: the results of <see cref="MediaValidator"/>, and the
/// guarantees for its callers.
/// </summary>
/// <remarks>Input: a byte for the type of the table's owner, a reference of 128 bytes, and the block.</remarks>
internal static class BlockTarget
{
    /// <summary>Judges a reference and its block.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        var owner = (BlockrefType)reader.Byte();
        Blockref reference = default;
        reader.Fill(MemoryMarshal.AsBytes(new Span<Blockref>(ref reference)));

        byte[] block = new byte[Media.AllocationBytesMax];
        int blockBytes = reader.Rest.Length;
        reader.Fill(block.AsSpan(0, blockBytes));

        bool isLegal = MediaValidator.Reference(reference, owner) is null;
        if (isLegal) CheckReference(reference);
        CheckCodes(reference, block.AsSpan(0, blockBytes));
        CheckTable(block.AsSpan(0, blockBytes), owner);
        CheckInode(reference, block);
        CheckName(reference, block.AsSpan(0, Media.AllocationBytesMin), isLegal);
    }

    private static void CheckReference(in Blockref reference)
    {
        int size = reference.Data.SizeBytes;
        Property.Holds(size is 0 or >= Media.AllocationBytesMin and <= Media.AllocationBytesMax,
            "a legal block has 1 to 64 KiB");
        Property.Holds(size == 0 || (reference.Data.Bytes % Media.BufferBytes) + (ulong)size <= Media.BufferBytes,
            "a legal block lies in one buffer");
        Property.Holds(reference.KeyEnd >= reference.Key, "legal keys do not wrap");
        var range = KeyRange.Around(reference.Key, reference.KeyBits);
        Property.Holds(range.First == reference.Key && range.Last == reference.KeyEnd, "a legal range is aligned");
        Property.Holds(CheckCode.IsKnown(reference.Methods.Check), "a legal check method is known");
    }

    private static void CheckCodes(Blockref reference, ReadOnlySpan<byte> block)
    {
        bool isGood = CheckCode.Verify(reference, block);
        CheckMethod method = reference.Methods.Check;
        Property.Holds(!isGood || CheckCode.IsKnown(method), "nothing unknown is verified");
        if (!CheckCode.IsKnown(method)) return;
        CheckCode.Store(ref reference, block);
        Property.Holds(CheckCode.Verify(reference, block), "a stored code is verified");
        if (!CheckCode.Protects(method) || block.IsEmpty) return;
        byte[] other = block.ToArray();
        other[^1] ^= 1;
        Property.Holds(!CheckCode.Verify(reference, other), "a changed block is not verified");
    }

    private static void CheckTable(ReadOnlySpan<byte> block, BlockrefType owner)
    {
        ReadOnlySpan<Blockref> slots = MemoryMarshal.Cast<byte, Blockref>(block);
        MediaFault? fault = MediaValidator.Table(slots, owner);
        _ = fault?.ToString();
        var table = new BlockTable(slots);
        int used = 0;
        for (int slot = table.Next(-1); slot >= 0; slot = table.Next(slot)) used++;
        Property.Holds(used == table.CountUsed(), "each used slot comes once");

        foreach (ref readonly Blockref reference in slots)
        {
            CheckFind(table, reference.Key, fault is null);
            CheckFind(table, reference.Key - 1, fault is null);
            CheckFind(table, reference.KeyEnd, fault is null);
            CheckFind(table, reference.KeyEnd + 1, fault is null);
        }
        CheckFind(table, 0, fault is null);
        CheckFind(table, ulong.MaxValue, fault is null);
    }

    private static void CheckFind(BlockTable table, ulong key, bool isSound)
    {
        int found = table.FindFirst(key);
        Property.Holds(found >= -1 && found < table.Length, "what is found lies in the table");
        Property.Holds(found < 0 || !table[found].IsEmpty, "what is found is in use");
        if (!isSound) return;
        int expected = -1;
        for (int slot = 0; slot < table.Length && expected < 0; slot++)
            if (!table[slot].IsEmpty && table[slot].KeyEnd >= key) expected = slot;
        Property.Holds(found == expected, "a search by halves finds what a look at each slot finds");
    }

    private static void CheckInode(in Blockref reference, byte[] bytes)
    {
        Span<byte> block = bytes.AsSpan(0, Media.InodeBytes);
        var inode = new InodeBlock(block);
        Property.Holds(inode.Name.Length <= InodeBlock.NameAreaBytes, "a name stays in its area");
        MediaFault? fault = MediaValidator.Inode(reference, block);
        _ = fault?.ToString();
        if (fault is not null) return;
        ref readonly InodeMeta meta = ref InodeBlock.ReadMeta(block);
        Property.Holds((meta.Inum & Media.EntryKeyBit) == 0, "inode numbers have 63 bits");
        Property.Holds(meta.Size <= long.MaxValue, "sizes have 63 bits");
        Property.Holds(meta.NameBytes == inode.Name.Length, "a legal name is as long as it says");
        Property.Holds(meta.HasDirectData || MediaValidator.Table(inode.Blockset, BlockrefType.Inode) is null,
            "the references of a legal inode are legal");
    }

    private static void CheckName(in Blockref reference, ReadOnlySpan<byte> block, bool isLegal)
    {
        MediaFault? fault = MediaValidator.DirentName(reference, block);
        _ = fault?.ToString();
        if (fault is not null || !isLegal || reference.Type != BlockrefType.Dirent) return;
        int length = reference.Dirent.NameBytes;
        ReadOnlySpan<byte> area = length <= Media.EntryNameInlineBytesMax ? reference.CheckRead : block;
        Property.Holds(MediaValidator.IsEntryName(area[..length]), "a legal entry has a legal name");
        ulong hash = DirectoryHash.Compute(area[..length]);
        Property.Holds((hash & Media.EntryKeyBit) != 0 && (hash & Media.EntryCollisionMask) == 0,
            "a hash is the first of its keys");
    }
}
