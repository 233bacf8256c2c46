// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>Starts every message to the kernel. Source: <c>struct fuse_out_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseOutHeader
{
    public uint Length;                 // bytes of the whole message, this header included
    public int Error;                   // 0, or a negative error number; a notify code if Unique is 0
    public ulong Unique;                // the request answered; 0 for a notification
}

/// <summary>A node's attributes. Source: <c>struct fuse_attr</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseAttr
{
    public ulong Inode;                 // what stat(2) shows; need not be the node id
    public ulong SizeBytes;
    public ulong Blocks;                // allocated, in units of 512 bytes
    public long ATime;                  // seconds since 1970
    public long MTime;
    public long CTime;
    public uint ATimeNanoseconds;
    public uint MTimeNanoseconds;
    public uint CTimeNanoseconds;
    public uint Mode;                   // type and permission bits, as st_mode
    public uint LinkCount;
    public uint Uid;
    public uint Gid;
    public uint DeviceNumber;           // st_rdev, 32-bit encoding of the kernel
    public uint BlockSizeBytes;         // st_blksize; 0 lets the kernel choose
    public uint Flags;                  // FUSE_ATTR_SUBMOUNT, FUSE_ATTR_DAX
}

/// <summary>Answers LOOKUP and everything that makes a node; one reference on it. Source:
/// <c>struct fuse_entry_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseEntryOut
{
    public ulong NodeId;                // 0 in an answer to LOOKUP: cache that the name is missing
    public ulong Generation;            // (node id, generation) is never reused
    public ulong EntryValidSeconds;     // how long the name may be cached
    public ulong AttrValidSeconds;      // how long the attributes may be cached
    public uint EntryValidNanoseconds;
    public uint AttrValidNanoseconds;
    public FuseAttr Attr;
}

/// <summary>Answers GETATTR and SETATTR. Source: <c>struct fuse_attr_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseAttrOut
{
    public ulong AttrValidSeconds;
    public uint AttrValidNanoseconds;
    public uint Padding;
    public FuseAttr Attr;
}

/// <summary>A point in time of STATX. Source: <c>struct fuse_sx_time</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseStatXTime
{
    public long Seconds;                // since 1970
    public uint Nanoseconds;
    public int Reserved;
}

/// <summary>A node's attributes with birth time. Source: <c>struct fuse_statx</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseStatX
{
    public uint Mask;                   // STATX_* of the fields filled in
    public uint BlockSizeBytes;
    public ulong Attributes;            // STATX_ATTR_*
    public uint LinkCount;
    public uint Uid;
    public uint Gid;
    public ushort Mode;
    public ushort Spare0;
    public ulong Inode;
    public ulong SizeBytes;
    public ulong Blocks;                // allocated, in units of 512 bytes
    public ulong AttributesMask;        // STATX_ATTR_* this filesystem knows
    public FuseStatXTime ATime;
    public FuseStatXTime BirthTime;
    public FuseStatXTime CTime;
    public FuseStatXTime MTime;
    public uint DeviceNumberMajor;      // of a device node
    public uint DeviceNumberMinor;
    public uint DeviceMajor;            // of the filesystem; the kernel fills it in
    public uint DeviceMinor;
    public FuseSpare14 Spare2;
}

/// <summary>STATX_* bits of <see cref="FuseStatX.Mask"/>.</summary>
public static class FuseStatXMask
{
    /// <summary>All that stat(2) shows: type, mode, nlink, owner, times, inode, size, blocks.</summary>
    public const uint Basic = 0x7FF;

    /// <summary>Birth time.</summary>
    public const uint BirthTime = 0x800;
}

/// <summary>Reserved tail of <see cref="FuseStatX"/>, sent as zeros.</summary>
[InlineArray(14)]
public struct FuseSpare14
{
    private ulong _first;
}

/// <summary>Answers STATX. Source: <c>struct fuse_statx_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseStatXOut
{
    public ulong AttrValidSeconds;
    public uint AttrValidNanoseconds;
    public uint Flags;
    public ulong Spare0;
    public ulong Spare1;
    public FuseStatX Stat;
}

/// <summary>Answers STATFS. Source: <c>struct fuse_kstatfs</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseStatFsOut
{
    public ulong Blocks;                // in units of FragmentBytes
    public ulong BlocksFree;
    public ulong BlocksAvailable;       // free to ordinary users
    public ulong Files;                 // objects; 0 where there is no limit to state
    public ulong FilesFree;
    public uint BlockSizeBytes;         // preferred transfer size
    public uint NameBytesMax;
    public uint FragmentBytes;
    public uint Padding;
    public FuseSpare6 Spare;
}

/// <summary>Reserved tail of <see cref="FuseStatFsOut"/>, sent as zeros.</summary>
[InlineArray(6)]
public struct FuseSpare6
{
    private uint _first;
}

/// <summary>Answers OPEN and OPENDIR, and half of CREATE. Source: <c>struct fuse_open_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseOpenOut
{
    public ulong Handle;                // comes back with every request on the open file
    public FuseOpenFlags OpenFlags;
    public int BackingId;               // passthrough only (7.40); else 0
}

/// <summary>Answers WRITE and COPY_FILE_RANGE. Source: <c>struct fuse_write_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseWriteOut
{
    public uint SizeBytes;
    public uint Padding;
}

/// <summary>Answers COPY_FILE_RANGE_64. Source: <c>struct fuse_copy_file_range_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseCopyFileRangeOut
{
    public ulong SizeBytes;
}

/// <summary>Answers a size question of GETXATTR or LISTXATTR. Source:
/// <c>struct fuse_getxattr_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseGetXAttrOut
{
    public uint SizeBytes;
    public uint Padding;
}

/// <summary>A byte-range lock. Source: <c>struct fuse_file_lock</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseFileLock
{
    public ulong Start;                 // first byte
    public ulong End;                   // last byte, included
    public uint Type;                   // F_RDLCK, F_WRLCK, F_UNLCK
    public uint ProcessId;
}

/// <summary>Answers GETLK. Source: <c>struct fuse_lk_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseLkOut
{
    public FuseFileLock Lock;
}

/// <summary>Answers BMAP. Source: <c>struct fuse_bmap_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseBMapOut
{
    public ulong Block;
}

/// <summary>Starts the answer to IOCTL; output bytes follow. Source: <c>struct fuse_ioctl_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseIoCtlOut
{
    public int Result;                  // what ioctl(2) returns
    public uint Flags;
    public uint InVectors;              // unrestricted mode only; 0
    public uint OutVectors;
}

/// <summary>Answers POLL. Source: <c>struct fuse_poll_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FusePollOut
{
    public uint ReadyEvents;
    public uint Padding;
}

/// <summary>Answers LSEEK. Source: <c>struct fuse_lseek_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseLSeekOut
{
    public ulong Position;
}

/// <summary>Answers INIT. Source: <c>struct fuse_init_out</c>, 64 bytes in all its versions since
/// 7.23; fields a kernel does not know lie in what it ignores.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseInitOut
{
    public uint Major;
    public uint Minor;
    public uint MaxReadAheadBytes;
    public uint Flags;                  // low word of FuseInitFlags
    public ushort MaxBackground;        // asynchronous requests under way; 0 leaves the default of 12
    public ushort CongestionThreshold;  // background requests from which the device counts as busy
    public uint MaxWriteBytes;
    public uint TimeGranularityNanoseconds;
    public ushort MaxPages;             // of one request, with MAX_PAGES
    public ushort MapAlignment;
    public uint Flags2;                 // high word of FuseInitFlags, with INIT_EXT (7.36)
    public uint MaxStackDepth;          // passthrough (7.40)
    public ushort RequestTimeoutSeconds; // with REQUEST_TIMEOUT (7.43)
    public FuseUnused11 Unused;
}

/// <summary>Reserved tail of <see cref="FuseInitOut"/>, sent as zeros.</summary>
[InlineArray(11)]
public struct FuseUnused11
{
    private ushort _first;
}

/// <summary>Starts a directory entry; the name follows, padded to 8 bytes. Source:
/// <c>struct fuse_dirent</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseDirent
{
    public ulong Inode;
    public ulong NextPosition;          // where reading goes on after this entry
    public uint NameBytes;
    public uint Type;                   // (st_mode & S_IFMT) >> 12
}

/// <summary>Starts a directory entry with attributes. Source: <c>struct fuse_direntplus</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseDirentPlus
{
    public FuseEntryOut Entry;          // NodeId 0: no attributes given, no reference taken
    public FuseDirent Dirent;
}

/// <summary>Follows a <see cref="FuseNotifyCode.Poll"/>. Source: <c>struct fuse_notify_poll_wakeup_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseNotifyPollOut
{
    public ulong KernelHandle;          // of the POLL request
}

/// <summary>Follows a <see cref="FuseNotifyCode.InvalidateInode"/>. Source:
/// <c>struct fuse_notify_inval_inode_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseNotifyInvalidateInodeOut
{
    public ulong NodeId;
    public long Position;               // negative: attributes only
    public long LengthBytes;            // 0: to the end
}

/// <summary>Follows a <see cref="FuseNotifyCode.InvalidateEntry"/>; the name and a NUL come after it.
/// Source: <c>struct fuse_notify_inval_entry_out</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseNotifyInvalidateEntryOut
{
    public ulong Directory;
    public uint NameBytes;              // without the NUL
    public uint Flags;                  // FuseRequestFlags.ExpireOnly
}
