// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>The first 256 bytes of a prepared record: the commit that a node of a cluster has prepared on its device.
/// It is durable before any node writes a volume header of the same commit.</summary>
/// <remarks>An extension of this driver; upstream neither reads nor writes that slot. See docs/FORMAT.md.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct PreparedRecord
{
    /// <summary>Size on media, in bytes.</summary>
    public const int SizeBytes = 256;

    /// <summary>The only version that exists.</summary>
    public const uint CurrentVersion = 1;

    /// <summary>The first eight bytes of a record: "H2PREPRD" in memory order.</summary>
    public const ulong MagicValue = 0x4452504552503248;

    [FieldOffset(0x00)] public ulong Magic;
    [FieldOffset(0x08)] public uint Version;
    [FieldOffset(0x0C)] public uint HeaderSlot;           // copy that the new header is written to, 0 to 3
    [FieldOffset(0x10)] public MediaUuid FilesystemId;
    [FieldOffset(0x20)] public ulong PredecessorTid;      // mirror_tid of the header that it follows
    [FieldOffset(0x28)] public ulong PredecessorCrc;      // that header's CRCs, see VolumeHeader.Fingerprint
    [FieldOffset(0x30)] public ulong NextTid;             // mirror_tid of the new header
    [FieldOffset(0x38)] public ulong NextCrc;             // the new header's CRCs
    [FieldOffset(0x40)] public ulong AllocatorFree;       // of the new header
    [FieldOffset(0x48)] public ulong FreemapTid;          // of the new header
    [FieldOffset(0x50)] public ulong PfsKey;              // key of the PFS root below the super-root; 0: no PFS
    [FieldOffset(0x58)] public MediaUuid ClusterId;
    [FieldOffset(0x68)] public ulong CommitNumber;        // modify_tid of the PFS root in the new tree
    [FieldOffset(0x70)] public ulong CommitId;            // the same on all nodes of this attempt
    [FieldOffset(0x78)] public ulong UnprotectedDigest;   // of new blocks without a check code
    [FieldOffset(0x80)] public ulong UnprotectedBlocks;   // how many those are
    [FieldOffset(0x88)] public ulong VolumeBytes;         // sizes of the new header; 0: as they were
    [FieldOffset(0x90)] public ulong TotalBytes;
    [FieldOffset(0x98)] public ulong AllocatorBytes;
    [FieldOffset(0xA0)] public ulong AddedStart;          // start of the volume that it adds; 0: none
}
