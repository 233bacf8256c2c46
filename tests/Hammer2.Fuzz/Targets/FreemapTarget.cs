// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Chains.Freemap;
using Hammer2.Format;

namespace Hammer2.Fuzz.Targets;

/// <summary>Freemap leaves and nodes.</summary>
/// <remarks>Input: a byte for the owner's type, a reference of 128 bytes, and patches, in units of four bytes, to the
/// leaf of an empty filesystem or, when the reference is to a node, to an empty node.</remarks>
internal static class FreemapTarget
{
    /// <summary>Judges a freemap block.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        var reader = new InputReader(input);
        var owner = (BlockrefType)reader.Byte();
        Blockref reference = default;
        reader.Fill(MemoryMarshal.AsBytes(new Span<Blockref>(ref reference)));
        byte[] block = reference.Type == BlockrefType.FreemapNode
            ? new byte[FreemapGeometry.BlockBytes]
            : FreemapLeaf.Create(0, (ulong)Media.ZoneReservedBytes, (ulong)Media.ZoneBytes).Block;
        reader.Patch(block, unit: sizeof(uint));

        if (MediaValidator.Reference(reference, owner) is null && reference.Type >= BlockrefType.FreemapNode)
            CheckPlace(reference, block);
        if (MediaValidator.Freemap(reference, block) is { } fault) _ = fault.ToString();
        else if (reference.Type == BlockrefType.FreemapNode) CheckNode(reference, block);
        else CheckLeaf(reference, block);
    }

    private static void CheckPlace(in Blockref reference, byte[] block)
    {
        bool isKnown = FreemapGeometry.TryGetLevel(reference.KeyBits, out int level);
        Property.Holds(isKnown, "a legal reference has a level");
        Property.Holds(FreemapGeometry.TryGetSet(reference.Data.Bytes, reference.Key, level, out int set)
            && set is >= 0 and < FreemapGeometry.SetsTotal, "a valid reference is to one of eight offsets");
        if (reference.Type != BlockrefType.FreemapLeaf) return;
        var leaf = new FreemapLeaf(reference);
        leaf.MoveToNextLocation(1, block);
        Property.Holds(leaf.Reference.Data != reference.Data, "the next place is another one");
        Property.Holds(MediaValidator.Reference(leaf.Reference, BlockrefType.FreemapNode) is null,
            "the next place is legal");
    }

    private static void CheckLeaf(in Blockref reference, byte[] block)
    {
        var leaf = new FreemapLeaf(reference);
        leaf.Attach(block);
        FreeSpace free = leaf.Free;
        Property.Holds(free.Bytes is >= 0 and <= Media.ZoneBytes, "a leaf has no more free than it covers");
        Property.Holds(free.RunBytes >= 0 && free.RunBytes <= free.Bytes, "free runs are made of free granules");
        foreach (ref FreemapEntry entry in leaf.Entries)
        {
            int sum = 0;
            for (int state = 0; state < 4; state++) sum += entry.Count((GranuleState)state);
            Property.Holds(sum == FreemapEntry.GranulesTotal, "each granule has one state");
            int granule = (int)(entry.AvailableBytes / Media.GranuleBytes) % FreemapEntry.GranulesTotal;
            entry.SetState(granule, GranuleState.PossiblyFree);
            Property.Holds(entry.StateOf(granule) == GranuleState.PossiblyFree, "a state that was set is there");
        }
    }

    private static void CheckNode(in Blockref reference, byte[] block)
    {
        var covered = KeyRange.Around(reference.Key, reference.KeyBits);
        foreach (ref readonly Blockref child in MemoryMarshal.Cast<byte, Blockref>(block))
        {
            if (child.IsEmpty) continue;
            Property.Holds(covered.Contains(child.Key) && covered.Contains(child.KeyEnd), "a child lies in its node");
            Property.Holds(child.KeyBits < reference.KeyBits, "a child is below its node");
        }
    }
}
