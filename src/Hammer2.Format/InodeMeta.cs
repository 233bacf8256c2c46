// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Format;

/// <summary>The first 256 bytes of an inode.</summary>
/// <remarks>Source: <c>struct hammer2_inode_meta</c>. Times are microseconds since 1970 UTC.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public struct InodeMeta
{
    /// <summary>Size on media, in bytes.</summary>
    public const int SizeBytes = 256;

    /// <summary>The only version that exists.</summary>
    public const ushort CurrentVersion = 1;

    /// <summary>The role of a master that is being resynchronized: a slave on the way to being a master. Upstream does
    /// not mount it.</summary>
    public const byte ReturningMasterRole = ((byte)PfsType.Master << 4) | (byte)PfsType.Slave;

    /// <summary>The role of a slave that is being made equal to a later commit. Upstream does not mount it.</summary>
    public const byte CopyingSlaveRole = ((byte)PfsType.Slave << 4) | (byte)PfsType.Slave;

    /// <summary>The role of a PFS that is being received and is not whole: a partial copy, on the way to a master. No
    /// driver mounts it.</summary>
    public const byte ReceivingRole = ((byte)PfsType.Master << 4) | (byte)PfsType.Cache;

    [FieldOffset(0x00)] public ushort Version;
    [FieldOffset(0x02)] public byte Reserved02;
    [FieldOffset(0x03)] public PfsSubtype PfsSubtype;
    [FieldOffset(0x04)] public FileFlags UserFlags;
    [FieldOffset(0x08)] public uint DeviceMajor;          // device nodes
    [FieldOffset(0x0C)] public uint DeviceMinor;
    [FieldOffset(0x10)] public ulong ChangeTime;
    [FieldOffset(0x18)] public ulong ModifyTime;
    [FieldOffset(0x20)] public ulong AccessTime;          // upstream does not maintain it
    [FieldOffset(0x28)] public ulong BirthTime;
    [FieldOffset(0x30)] public MediaUuid UserId;          // the number is in bytes 12..15
    [FieldOffset(0x40)] public MediaUuid GroupId;
    [FieldOffset(0x50)] public ObjectType Type;
    [FieldOffset(0x51)] public OperationFlags OperationFlags;
    [FieldOffset(0x52)] public ushort CapabilityFlags;
    [FieldOffset(0x54)] public uint Mode;                 // permission bits 07777 only
    [FieldOffset(0x58)] public ulong Inum;
    [FieldOffset(0x60)] public ulong Size;                // bytes; 0 for directories
    [FieldOffset(0x68)] public ulong LinkCount;
    [FieldOffset(0x70)] public ulong ParentInum;          // directory of creation or last rename
    [FieldOffset(0x78)] public ulong NameKey;             // PFS root: its key; else the inum
    [FieldOffset(0x80)] public ushort NameBytes;
    [FieldOffset(0x82)] public byte CopyCount;
    [FieldOffset(0x83)] public byte CompressionPolicy;    // low nibble method, high nibble level
    [FieldOffset(0x84)] public byte Unused84;
    [FieldOffset(0x85)] public byte CheckPolicy;          // low nibble method
    [FieldOffset(0x86)] public byte PfsMasters;           // PFS root: masters of the cluster, or 0
    [FieldOffset(0x87)] public byte PfsRole;              // PfsType; high nibble: the next role
    [FieldOffset(0x88)] public ulong PfsInum;             // PFS root: next inode number
    [FieldOffset(0x90)] public MediaUuid PfsClusterId;
    [FieldOffset(0xA0)] public MediaUuid PfsNodeId;
    [FieldOffset(0xB0)] public ulong DataQuota;           // bytes; stored, not enforced
    [FieldOffset(0xB8)] public ulong UnusedB8;
    [FieldOffset(0xC0)] public ulong InodeQuota;
    [FieldOffset(0xC8)] public ulong UnusedC8;
    [FieldOffset(0xD0)] public ulong PfsSnapshotTid;      // modify tid of the newest snapshot
    [FieldOffset(0xD8)] public ulong PfsCommitId;         // PFS root of a cluster: id of its commit, ours
    [FieldOffset(0xE0)] public ulong DecryptCheck;
    [FieldOffset(0xE8)] public ulong PfsReceivedTid;      // received snapshot: its modify tid, ours
    [FieldOffset(0xF0)] public MediaUuid PfsOriginId;     // snapshot: cluster id of its source, ours

    /// <summary>True when the second half holds 512 bytes of file data, false when it holds four references.</summary>
    public readonly bool HasDirectData => (OperationFlags & OperationFlags.DirectData) != 0;

    /// <summary>The compression method for new data blocks of this file.</summary>
    public readonly CompressionMethod Compression => (CompressionMethod)(CompressionPolicy & 0x0F);

    /// <summary>The check method for new blocks of this file.</summary>
    public readonly CheckMethod Check => (CheckMethod)(CheckPolicy & 0x0F);

    /// <summary>The present role of a PFS root.</summary>
    public readonly PfsType PfsType => (PfsType)(PfsRole & 0x0F);

    /// <summary>The role that a PFS root is changing to, or <see cref="PfsType.None"/>.</summary>
    public readonly PfsType PfsTypeNext => (PfsType)(PfsRole >> 4);
}
