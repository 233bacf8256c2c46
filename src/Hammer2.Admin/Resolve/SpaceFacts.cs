// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Admin.Resolve;

/// <summary>What the freemap and the layout of a filesystem say of an address.</summary>
public sealed class SpaceFacts
{
    private const int SlotHeader = 0;

    private SpaceFacts(ulong address) => Address = address;

    /// <summary>The address.</summary>
    public ulong Address { get; }

    /// <summary>What the space is for.</summary>
    public SpaceRole Role { get; private set; }

    /// <summary>The level of the freemap block that has a place here, 1 to 5; 0 for none.</summary>
    public int FreemapLevel { get; private set; }

    /// <summary>Which of the eight places it is.</summary>
    public int FreemapSet { get; private set; }

    /// <summary>The state of the 16 KiB around the address; null where the freemap says nothing, because the space is not
    /// for allocation or the freemap cannot be read.</summary>
    public GranuleState? State { get; private set; }

    /// <summary>The kind of blocks that the 4 MiB around the address are used for; Empty for any.</summary>
    public BlockrefType Class { get; private set; }

    /// <summary>True when nothing was ever allocated in the GiB around the address.</summary>
    public bool IsUntouched { get; private set; }

    /// <summary>Why the freemap could not be read there; null when it could.</summary>
    public string? Fault { get; private set; }

    /// <summary>Reads what is known of an address, which must be in a volume.</summary>
    public static SpaceFacts Read(VolumeSet volumes, ulong address)
    {
        ArgumentNullException.ThrowIfNull(volumes);
        var facts = new SpaceFacts(address);
        ref readonly VolumeHeaderSector header = ref volumes.Header.Fields;
        if (FreemapGeometry.IsReserved(address)) facts.SetReserved(volumes);
        else if (address >= header.BootBegin && address < header.BootEnd) facts.Role = SpaceRole.Boot;
        else if (address >= header.AuxBegin && address < header.AuxEnd) facts.Role = SpaceRole.Auxiliary;
        else if (!FreemapGeometry.IsAllocatable(address, header.AllocatorBegin, volumes.TotalBytes))
            facts.Role = SpaceRole.Static;
        else facts.ReadFreemap(volumes);
        return facts;
    }

    private void SetReserved(VolumeSet volumes)
    {
        ulong within = Address & ((ulong)Media.ZoneBytes - 1);
        int slot = (int)(within / Media.BufferBytes);
        bool isFound = volumes.TryFindVolume(Address, 1, out Volume? volume);
        ulong offset = isFound ? Address - volume!.Start : Address;
        bool isFirst = isFound && volume!.Index == 0 && offset < Media.ZoneReservedBytes;
        (int set, int level) = Math.DivRem(slot - 1, FreemapGeometry.LevelMax);
        if (slot == SlotHeader)
        {
            bool isCopy = offset % (ulong)Media.HeaderZoneBytes < Media.VolumeHeaderBytes
                && offset < (ulong)Media.HeaderZoneBytes * Media.HeaderCopies;
            Role = isCopy ? SpaceRole.Header : SpaceRole.Reserved;
        }
        else if (set < FreemapGeometry.SetsTotal)
        {
            (Role, FreemapLevel, FreemapSet) = (SpaceRole.Freemap, level + FreemapGeometry.LevelLeaf, set);
        }
        else
        {
            bool isMarked = isFound && offset is >= Media.WriterMarkOffset
                and < Media.WriterMarkOffset + Media.VolumeHeaderBytes;
            Role = isMarked ? SpaceRole.WriterMark
                : isFirst && offset >= (ulong)Media.SpareHeaderOffset ? SpaceRole.SpareHeader
                : isFirst && offset >= (ulong)Media.PreparedRecordOffset ? SpaceRole.PreparedRecord
                : isFirst && offset is >= Media.UpkeepRecordOffset
                    and < Media.UpkeepRecordOffset + Media.VolumeHeaderBytes ? SpaceRole.UpkeepRecord
                : SpaceRole.Reserved;
        }
    }

    private void ReadFreemap(VolumeSet volumes)
    {
        Role = SpaceRole.Allocatable;
        IsUntouched = true;
        State = GranuleState.Free;
        new MediaWalker(volumes).WalkFreemap(new LeafVisitor(this));
    }

    private sealed class LeafVisitor(SpaceFacts facts) : IMediaVisitor
    {
        public bool Wants(in WalkPosition position, in Blockref reference) =>
            facts.Address >= reference.Key && facts.Address <= reference.KeyEnd;

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block)
        {
            if (reference.Type == BlockrefType.FreemapNode) return true;
            ref readonly FreemapEntry entry =
                ref MemoryMarshal.Cast<byte, FreemapEntry>(block)[FreemapGeometry.EntryOf(facts.Address)];
            facts.IsUntouched = false;
            facts.State = entry.StateOf(FreemapGeometry.GranuleOf(facts.Address));
            int kind = entry.Class >> 8;
            facts.Class = kind <= (int)BlockrefType.FreemapLeaf ? (BlockrefType)kind : BlockrefType.Empty;
            return false;
        }

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault)
        {
            facts.IsUntouched = false;
            facts.State = null;
            facts.Fault = fault.Reason;
        }
    }
}
