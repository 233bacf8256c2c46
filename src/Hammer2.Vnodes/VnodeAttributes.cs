// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Format;

namespace Hammer2.Vnodes;

/// <summary>The attributes of an object for stat(2) and statx(2). Times are microseconds since 1970 UTC.</summary>
public readonly struct VnodeAttributes
{
    private const uint TypeDirectory = 0x4000;
    private const uint DirectoryBytes = 1024;
    private const int SectorBytes = 512;

    internal VnodeAttributes(in Inode inode)
    {
        ref readonly InodeMeta meta = ref inode.Meta;
        Inum = inode.Inum;
        Type = meta.Type;
        Mode = TypeBits(meta.Type) | (meta.Mode & 0xFFF);
        UserId = meta.UserId.UnixId;
        GroupId = meta.GroupId.UnixId;
        bool isDirectory = meta.Type == ObjectType.Directory;
        SizeBytes = isDirectory ? DirectoryBytes : meta.Size;
        Blocks = (isDirectory ? DirectoryBytes : inode.AllocatedBytes) / SectorBytes;
        BytesBelow = inode.AllocatedBytes;
        // Upstream stores 1 for every directory, or a count that it does not always maintain; 1 means "not counted" to
        // find(1) and similar programs.
        bool isNamed = meta.LinkCount > 0 || inode.Inum == Media.PfsRootInum;
        LinkCount = !isDirectory ? (uint)Math.Min(meta.LinkCount, uint.MaxValue) : isNamed ? 1u : 0;
        bool isDevice = meta.Type is ObjectType.CharacterDevice or ObjectType.BlockDevice;
        DeviceMajor = isDevice ? meta.DeviceMajor : 0;
        DeviceMinor = isDevice ? meta.DeviceMinor : 0;
        ModifyTime = meta.ModifyTime;
        ChangeTime = meta.ChangeTime;
        AccessTime = meta.AccessTime == 0 ? meta.ModifyTime : meta.AccessTime;
        BirthTime = meta.BirthTime;
        Flags = meta.UserFlags;
        IsCommitted = inode.IsCommitted;
    }

    /// <summary>Inode number, 64 bits.</summary>
    public ulong Inum { get; }

    /// <summary>The type of object.</summary>
    public ObjectType Type { get; }

    /// <summary>st_mode: type and permission bits.</summary>
    public uint Mode { get; }

    /// <summary>Owner.</summary>
    public uint UserId { get; }

    /// <summary>Group.</summary>
    public uint GroupId { get; }

    /// <summary>st_size in bytes; 1024 for a directory, whose stored size is 0.</summary>
    public ulong SizeBytes { get; }

    /// <summary>st_blocks: 512-byte units allocated on media.</summary>
    public ulong Blocks { get; }

    /// <summary>Bytes of all blocks below the inode. For a directory these are the blocks of its entries, which
    /// <see cref="Blocks"/> does not include, as upstream.</summary>
    public ulong BytesBelow { get; }

    /// <summary>st_nlink.</summary>
    public uint LinkCount { get; }

    /// <summary>Major number of a device node.</summary>
    public uint DeviceMajor { get; }

    /// <summary>Minor number of a device node.</summary>
    public uint DeviceMinor { get; }

    /// <summary>Last change of the content.</summary>
    public ulong ModifyTime { get; }

    /// <summary>Last change of the inode.</summary>
    public ulong ChangeTime { get; }

    /// <summary>Last access; the modification time if the media does not store it.</summary>
    public ulong AccessTime { get; }

    /// <summary>Creation.</summary>
    public ulong BirthTime { get; }

    /// <summary>BSD flags: immutable, append-only, no dump, no unlink.</summary>
    public FileFlags Flags { get; }

    /// <summary>True when the attributes are those of the last commit; otherwise <see cref="Blocks"/> may decrease once
    /// the object is written.</summary>
    public bool IsCommitted { get; }

    /// <summary>True for a directory.</summary>
    public bool IsDirectory => Type == ObjectType.Directory;

    /// <summary>The S_IFMT bits of a type; 0 for an unknown type.</summary>
    public static uint TypeBits(ObjectType type) => type switch
    {
        ObjectType.Directory => TypeDirectory,
        ObjectType.RegularFile => 0x8000,
        ObjectType.Fifo => 0x1000,
        ObjectType.CharacterDevice => 0x2000,
        ObjectType.BlockDevice => 0x6000,
        ObjectType.SoftLink => 0xA000,
        ObjectType.Socket => 0xC000,
        _ => 0,
    };
}
