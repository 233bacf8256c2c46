// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>The fields of sector 0 of a volume header.</summary>
/// <remarks>Source: <c>struct hammer2_volume_data</c>, first 512 bytes.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct VolumeHeaderSector
{
    /// <summary>Size on media, in bytes.</summary>
    public const int SizeBytes = 512;

    [FieldOffset(0x000)] public ulong Magic;
    [FieldOffset(0x008)] public ulong BootBegin;          // byte range of the boot area
    [FieldOffset(0x010)] public ulong BootEnd;
    [FieldOffset(0x018)] public ulong AuxBegin;           // byte range of the aux area
    [FieldOffset(0x020)] public ulong AuxEnd;
    [FieldOffset(0x028)] public ulong VolumeBytes;        // size of this volume
    [FieldOffset(0x030)] public uint Version;             // 1 or 2
    [FieldOffset(0x034)] public uint Flags;
    [FieldOffset(0x038)] public byte CopyId;
    [FieldOffset(0x039)] public byte FreemapVersion;
    [FieldOffset(0x03A)] public byte PeerType;
    [FieldOffset(0x03B)] public byte VolumeIndex;         // 0 is the root volume
    [FieldOffset(0x03C)] public byte VolumesTotal;        // version 1: 0
    [FieldOffset(0x03D)] public byte Reserved3D;
    [FieldOffset(0x03E)] public ushort Reserved3E;
    [FieldOffset(0x040)] public MediaUuid FilesystemId;   // the same in all volumes
    [FieldOffset(0x050)] public MediaUuid FilesystemType;
    [FieldOffset(0x060)] public ulong AllocatorBytes;     // allocatable when made
    [FieldOffset(0x068)] public ulong AllocatorFree;      // running count of free bytes
    [FieldOffset(0x070)] public ulong AllocatorBegin;     // everything below is static
    [FieldOffset(0x078)] public ulong MirrorTid;          // last committed flush
    [FieldOffset(0x080)] public ulong Reserved80;
    [FieldOffset(0x088)] public ulong Reserved88;
    [FieldOffset(0x090)] public ulong FreemapTid;         // last committed flush of the freemap
    [FieldOffset(0x098)] public ulong BulkfreeTid;
    [FieldOffset(0x0A0)] public ulong ReservedA0;
    [FieldOffset(0x0A8)] public ulong ReservedA8;
    [FieldOffset(0x0B0)] public ulong ReservedB0;
    [FieldOffset(0x0B8)] public ulong ReservedB8;
    [FieldOffset(0x0C0)] public ulong TotalBytes;         // sum of the volumes; version 1: 0
    [FieldOffset(0x1F8)] public uint CrcSector1;          // icrc_sects[6]: bytes 0x200..0x3FF
    [FieldOffset(0x1FC)] public uint CrcSector0;          // icrc_sects[7]: bytes 0x000..0x1FB
}
