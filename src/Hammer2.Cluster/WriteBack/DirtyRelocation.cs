// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Cluster.WriteBack;

/// <summary>
/// Gives every dirty block that is stored a place on nodes whose filesystems were read anew: the place that it had
/// there, if its bytes are still there, or else a new one, with the bytes of another node.
/// </summary>
/// <remarks>
/// Freemaps that were read anew do not know of dirty blocks, so that all old places are marked before a new one is
/// allocated. Bytes at an old place were never flushed, and a device that failed may have lost them later: they are
/// compared with their check code, and written again. Used by one thread, while no operation, no write-back and no
/// commit runs.
/// </remarks>
/// <param name="blocks">The dirty blocks; what is not stored is passed over.</param>
/// <param name="alive">Nodes that were never fenced.</param>
/// <param name="returned">Those that were, open for writing.</param>
internal sealed class DirtyRelocation(
    IReadOnlyCollection<DirtyBlock> blocks, IReadOnlyList<PresentNode> alive, IReadOnlyList<PresentNode> returned)
{
    private readonly byte[] _buffer = new byte[Media.FileBlockBytes];

    /// <summary>Blocks that no node has any more.</summary>
    public int LostTotal { get; private set; }

    /// <summary>Moves the blocks.</summary>
    /// <returns>None, also when blocks were lost; what writing to one of the nodes met, NoSpace above all. Then some
    /// blocks have places on nodes that do not count yet, which does no harm.</returns>
    public Hammer2Error Run()
    {
        var missing = new List<DirtyBlock>();
        foreach (DirtyBlock block in blocks)
        {
            if (block.Stored is not { } stored) continue;
            Hammer2Error error = KeepPlaces(block, stored, out bool isWhole);
            if (error != Hammer2Error.None) return error;
            if (!isWhole) missing.Add(block);
        }
        foreach (DirtyBlock block in missing)
        {
            Hammer2Error error = CopyMissing(block);
            if (error != Hammer2Error.None) return error;
        }
        return Hammer2Error.None;
    }

    private Hammer2Error KeepPlaces(DirtyBlock block, Blockref[] stored, out bool isWhole)
    {
        isWhole = true;
        int slots = stored.Length;
        foreach (PresentNode node in returned) slots = Math.Max(slots, node.Slot + 1);
        var places = new Blockref[slots];
        stored.CopyTo(places, 0);
        foreach (PresentNode node in returned)
        {
            ref Blockref place = ref places[node.Slot];
            if (place.Data.Raw != 0 && CheckCode.Protects(place.Methods.Check)
                && TryRead(node, place, out Memory<byte> bytes))
            {
                Hammer2Error error = node.Device.Committer!.Writer.MarkShared(place);
                if (error == Hammer2Error.None) error = Write(node, place, bytes);
                if (error != Hammer2Error.None) return error;
                continue;
            }
            place = default;
            isWhole = false;
        }
        block.Relocate(places);
        return Hammer2Error.None;
    }

    private Hammer2Error CopyMissing(DirtyBlock block)
    {
        var places = (Blockref[])block.Stored!.Clone();
        if (!TryReadAny(places, out Blockref source, out Memory<byte> bytes))
        {
            block.IsLost = true;
            LostTotal++;
            return Hammer2Error.None;
        }
        foreach (PresentNode node in returned)
        {
            ref Blockref place = ref places[node.Slot];
            if (place.Data.Raw != 0) continue;
            Blockref copy = source;
            Hammer2Error error = node.Device.Committer!.Writer.Allocate(ref copy, bytes.Length);
            if (error == Hammer2Error.None) error = Write(node, copy, bytes);
            if (error != Hammer2Error.None) return error;
            place = copy;
        }
        block.Relocate(places);
        return Hammer2Error.None;
    }

    private bool TryReadAny(Blockref[] places, out Blockref source, out Memory<byte> bytes)
    {
        foreach (IReadOnlyList<PresentNode> nodes in (IReadOnlyList<PresentNode>[])[alive, returned])
        {
            foreach (PresentNode node in nodes)
            {
                if (node.Slot >= places.Length) continue;
                source = places[node.Slot];
                if (source.Data.Raw != 0 && TryRead(node, source, out bytes)) return true;
            }
        }
        (source, bytes) = (default, default);
        return false;
    }

    private bool TryRead(PresentNode node, in Blockref place, out Memory<byte> bytes)
    {
        bytes = _buffer.AsMemory(0, place.Data.SizeBytes);
        return node.Device.ReadStored(place, bytes.Span) == Hammer2Error.None;
    }

    private static Hammer2Error Write(PresentNode node, in Blockref place, ReadOnlyMemory<byte> bytes) =>
        node.Device.Committer!.Writer.WriteAllocated(place, bytes.Span, isReadHere: false);
}
