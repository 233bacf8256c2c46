// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;

namespace Hammer2.Tests.Mutation;

/// <summary>One change of media, or sometimes several, generated from a seed and applied.</summary>
internal sealed class MutationPlan
{
    private readonly VolumeSet _volumes;
    private readonly MediaMap _map;
    private readonly SeededRandom _random;

    private MutationPlan(VolumeSet volumes, MediaMap map, SeededRandom random)
    {
        _volumes = volumes;
        _map = map;
        _random = random;
    }

    /// <summary>Description of the change, for messages.</summary>
    internal string Description { get; private set; } = "";

    /// <summary>The blocks that were changed.</summary>
    internal List<MapBlock> Blocks { get; } = [];

    /// <summary>True when the volume header was changed other than by recomputing its CRCs.</summary>
    internal bool IsHeaderChanged { get; private set; }

    /// <summary>True when check codes can detect every change.</summary>
    internal bool IsNoticeable
        => !IsSigned && !IsHeaderChanged && Blocks.TrueForAll(block => block.IsProtected);

    /// <summary>True when check codes were recomputed up to the header.</summary>
    internal bool IsSigned { get; private set; }

    /// <summary>Generates a change and applies it to writable volumes.</summary>
    internal static MutationPlan Apply(VolumeSet volumes, MediaMap map, SeededRandom random)
    {
        var plan = new MutationPlan(volumes, map, random);
        plan.IsSigned = random.OneIn(2);
        int changes = random.OneIn(6) ? (int)random.Between(2, 4) : 1;
        var descriptions = new List<string>();
        for (int change = 0; change < changes; change++)
        {
            if (random.OneIn(40))
                plan.ChangeHeader();
            else
                plan.ChangeBlock();
            descriptions.Add(plan.Description);
        }
        plan.Description = string.Join("; ", descriptions);
        return plan;
    }

    private void ChangeHeader()
    {
        IsHeaderChanged = true;
        long offset = _volumes.Header.CopyIndex * Media.HeaderZoneBytes;
        byte[] header = new byte[Media.VolumeHeaderBytes];
        _ = _volumes.Volumes[0].Device.Read(offset, header);
        bool isTable = _random.OneIn(2);
        if (isTable)
            ChangeReference(header, VolumeHeaderView.SuperRootBlocksetOffset, Media.BlocksetCount, null);
        else
            ChangeField(header, 0, FieldTable.Header);
        Description = $"volume header {Description}";
        if (IsSigned)
            VolumeHeaderCandidate.StoreCrcs(new VolumeHeaderView(header));
        _ = _volumes.Volumes[0].Device.Write(offset, header);
    }

    private void ChangeBlock()
    {
        MapBlock block = PickBlock();
        Blocks.Add(block);
        byte[] bytes = new byte[block.SizeBytes];
        _ = _volumes.Read(block.Address, bytes);
        if (_random.OneIn(3))
            ChangeBytes(bytes);
        else
            ChangeStructure(bytes, block);
        Description = string.Create(CultureInfo.InvariantCulture,
            $"{block.Type} at 0x{block.Address:x} (key 0x{block.Reference.Key:x}) {Description}");
        _ = _volumes.Write(block.Address, bytes);
        if (!IsSigned)
            return;
        var signer = new MediaSigner(_volumes);
        signer.Changed(block);
        signer.Sign();
    }

    // Prefer metadata: there is far more data, with fewer fields that matter.
    private MapBlock PickBlock()
    {
        for (int attempt = 0; ; attempt++)
        {
            MapBlock block = _random.Pick<MapBlock>(CollectionsMarshal.AsSpan((List<MapBlock>)_map.Blocks));
            bool isWanted = block.Type switch
            {
                BlockrefType.Inode or BlockrefType.Indirect => true,
                BlockrefType.Data => _random.OneIn(4),
                BlockrefType.Dirent => _random.OneIn(2),
                _ => _random.OneIn(8),
            };
            if (isWanted || attempt > 100)
                return block;
        }
    }

    private void ChangeBytes(Span<byte> bytes)
    {
        int count = 1 << _random.Below(5);
        int offset = _random.Below(bytes.Length - count + 1);
        Description = string.Create(CultureInfo.InvariantCulture, $"{count} bytes at {offset}");
        foreach (ref byte value in bytes.Slice(offset, count))
            value ^= (byte)(1 + _random.Below(255)); // always a different byte
    }

    private void ChangeStructure(Span<byte> bytes, MapBlock block)
    {
        switch (block.Type)
        {
            case BlockrefType.Inode when _random.OneIn(2) || InodeBlock.ReadMeta(bytes).HasDirectData:
                ChangeField(bytes, 0, FieldTable.Inode);
                break;
            case BlockrefType.Inode:
                ChangeReference(bytes, InodeBlock.UnionOffset, Media.BlocksetCount, block);
                break;
            case BlockrefType.Indirect or BlockrefType.FreemapNode:
                ChangeReference(bytes, 0, bytes.Length / Blockref.SizeBytes, block);
                break;
            case BlockrefType.Data:
                ChangeField(bytes, 0, [new Field(0, 4, "length word"), new Field(4, 1, "first token")]);
                break;
            default:
                ChangeBytes(bytes);
                break;
        }
    }

    private void ChangeReference(Span<byte> bytes, int tableOffset, int slots, MapBlock? owner)
    {
        int slot = PickSlot(bytes[tableOffset..], slots);
        int offset = tableOffset + slot * Blockref.SizeBytes;
        Span<byte> place = bytes.Slice(offset, Blockref.SizeBytes);
        if (owner != null && _random.OneIn(6))
            Redirect(place, owner);
        else
            ChangeField(bytes, offset, FieldTable.Blockref);
        Description = string.Create(CultureInfo.InvariantCulture, $"slot {slot} {Description}");
        if (!IsSigned || !_random.OneIn(2))
            return;
        ref Blockref reference = ref MemoryMarshal.AsRef<Blockref>(place);
        bool isName = reference.Type == BlockrefType.Dirent && reference.Data.SizeBytes == 0;
        if (!isName)
            new MediaSigner(_volumes).StoreCodeIn(ref reference);
    }

    private int PickSlot(ReadOnlySpan<byte> table, int slots)
    {
        int slot = _random.Below(slots);
        for (int step = 0; step < slots && !_random.OneIn(20); step++)
        {
            int candidate = (slot + step) % slots;
            if (table[candidate * Blockref.SizeBytes] != 0)
                return candidate;
        }
        return slot; // sometimes an unused slot, which then becomes a reference without a block
    }

    // A reference to another block of the same type, possibly to an ancestor. Only a method without a check code allows
    // a cycle: no block can contain its own hash.
    private void Redirect(Span<byte> place, MapBlock owner)
    {
        ref Blockref reference = ref MemoryMarshal.AsRef<Blockref>(place);
        MapBlock target = _random.OneIn(2) ? owner : _random.Pick<MapBlock>(
            CollectionsMarshal.AsSpan((List<MapBlock>)_map.Blocks));
        reference.Data = target.Reference.Data;
        string kind = "redirected";
        if (_random.OneIn(2))
        {
            reference.Type = target.Type;
            reference.KeyBits = target.Reference.KeyBits;
            reference.Methods = new BlockMethods(CheckMethod.Disabled, CompressionMethod.None);
            kind = "redirected without check";
        }
        Description = string.Create(
            CultureInfo.InvariantCulture, $"{kind} to {target.Type} 0x{target.Address:x}");
    }

    private void ChangeField(Span<byte> bytes, int start, Field[] fields)
    {
        Field field = _random.Pick<Field>(fields);
        Span<byte> place = bytes.Slice(start + field.Offset, field.Bytes);
        Span<byte> before = stackalloc byte[sizeof(ulong)];
        Span<byte> after = stackalloc byte[sizeof(ulong)];
        before.Clear();
        place.CopyTo(before);
        ulong old = BinaryPrimitives.ReadUInt64LittleEndian(before);
        ulong value;
        do
        {
            value = _random.Below(3) switch
            {
                0 => _random.NextEdge(),
                1 => old ^ (1UL << _random.Below(field.Bytes * 8)),
                _ => old + (ulong)_random.Between(-3, 3),
            };
            BinaryPrimitives.WriteUInt64LittleEndian(after, value);
        }
        while (after[..field.Bytes].SequenceEqual(place));
        after[..field.Bytes].CopyTo(place);
        Description = string.Create(CultureInfo.InvariantCulture, $"{field.Name} 0x{old:x} -> 0x{value:x}");
    }
}
