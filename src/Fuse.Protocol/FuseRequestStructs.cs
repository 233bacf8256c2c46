// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fuse.Protocol;

/// <summary>Starts every message from the kernel. Source: <c>struct fuse_in_header</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseInHeader
{
    public uint Length;                 // bytes of the whole message, this header included
    public FuseOpcode Opcode;
    public ulong Unique;                // names this request; never 0
    public ulong NodeId;
    public uint Uid;                    // of the caller, as this server's user namespace sees it
    public uint Gid;
    public uint ProcessId;              // thread of the caller; 0 for the kernel's own or another namespace
    public ushort ExtensionWords;       // trailing extensions in units of 8 bytes (7.38; before: 0)
    public ushort Padding;
}

/// <summary>Asks for attributes. Source: <c>struct fuse_getattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseGetAttrIn
{
    public uint Flags;                  // FuseRequestFlags.GetAttrHandle
    public uint Padding;
    public ulong Handle;
}

/// <summary>Asks for extended attributes of a file. Source: <c>struct fuse_statx_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseStatXIn
{
    public uint GetAttrFlags;           // FuseRequestFlags.GetAttrHandle
    public uint Reserved;
    public ulong Handle;
    public uint Flags;                  // AT_STATX_*
    public uint Mask;                   // STATX_* wanted
}

/// <summary>Changes attributes. Source: <c>struct fuse_setattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseSetAttrIn
{
    public FuseSetAttrValid Valid;
    public uint Padding;
    public ulong Handle;
    public ulong SizeBytes;
    public ulong LockOwner;
    public long ATime;                  // seconds since 1970
    public long MTime;
    public long CTime;
    public uint ATimeNanoseconds;
    public uint MTimeNanoseconds;
    public uint CTimeNanoseconds;
    public uint Mode;
    public uint Unused4;
    public uint Uid;
    public uint Gid;
    public uint Unused5;
}

/// <summary>Makes a node; the name follows. Source: <c>struct fuse_mknod_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseMkNodIn
{
    public uint Mode;                   // type and permission bits, umask already applied unless DONT_MASK
    public uint DeviceNumber;           // kernel's 32-bit encoding
    public uint Umask;
    public uint Padding;
}

/// <summary>Makes a directory; the name follows. Source: <c>struct fuse_mkdir_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseMkDirIn
{
    public uint Mode;
    public uint Umask;
}

/// <summary>Renames; old and new name follow. Source: <c>struct fuse_rename_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseRenameIn
{
    public ulong NewDirectory;
}

/// <summary>Renames with flags; old and new name follow. Source: <c>struct fuse_rename2_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseRename2In
{
    public ulong NewDirectory;
    public uint Flags;                  // RENAME_NOREPLACE 1, RENAME_EXCHANGE 2, RENAME_WHITEOUT 4
    public uint Padding;
}

/// <summary>Makes a hard link in the header's node; the name follows. Source:
/// <c>struct fuse_link_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseLinkIn
{
    public ulong OldNodeId;
}

/// <summary>Opens a file or directory. Source: <c>struct fuse_open_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseOpenIn
{
    public uint Flags;                  // open(2) flags; O_CREAT, O_EXCL and O_NOCTTY never arrive
    public uint OpenFlags;              // FuseRequestFlags.OpenKillSuidGid
}

/// <summary>Makes and opens a file; the name follows. Source: <c>struct fuse_create_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseCreateIn
{
    public uint Flags;                  // open(2) flags
    public uint Mode;
    public uint Umask;
    public uint OpenFlags;
}

/// <summary>Ends a handle. Source: <c>struct fuse_release_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseReleaseIn
{
    public ulong Handle;
    public uint Flags;                  // open(2) flags
    public uint ReleaseFlags;
    public ulong LockOwner;
}

/// <summary>One descriptor of a handle was closed. Source: <c>struct fuse_flush_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseFlushIn
{
    public ulong Handle;
    public uint Unused;
    public uint Padding;
    public ulong LockOwner;
}

/// <summary>Reads a file or directory. Source: <c>struct fuse_read_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseReadIn
{
    public ulong Handle;
    public ulong Position;              // bytes in a file; a directory's NextPosition
    public uint SizeBytes;
    public uint ReadFlags;
    public ulong LockOwner;
    public uint Flags;                  // open(2) flags
    public uint Padding;
}

/// <summary>Writes a file; the data follows. Source: <c>struct fuse_write_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseWriteIn
{
    public ulong Handle;
    public ulong Position;
    public uint SizeBytes;
    public FuseWriteFlags WriteFlags;
    public ulong LockOwner;
    public uint Flags;                  // open(2) flags
    public uint Padding;
}

/// <summary>Makes a file or directory durable. Source: <c>struct fuse_fsync_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseFSyncIn
{
    public ulong Handle;
    public uint Flags;                  // FuseRequestFlags.FSyncDataOnly
    public uint Padding;
}

/// <summary>Sets an extended attribute; name and value follow. Source:
/// <c>struct fuse_setxattr_in</c>; only its first 8 bytes are sent without SETXATTR_EXT.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseSetXAttrIn
{
    public uint SizeBytes;              // of the value
    public uint Flags;                  // XATTR_CREATE 1, XATTR_REPLACE 2
    public uint SetXAttrFlags;          // FUSE_SETXATTR_ACL_KILL_SGID
    public uint Padding;
}

/// <summary>Reads or lists extended attributes. Source: <c>struct fuse_getxattr_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseGetXAttrIn
{
    public uint SizeBytes;              // room for the value; 0 asks how much is needed
    public uint Padding;
}

/// <summary>A byte-range lock request. Source: <c>struct fuse_lk_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseLkIn
{
    public ulong Handle;
    public ulong Owner;
    public FuseFileLock Lock;
    public uint Flags;                  // FUSE_LK_FLOCK 1
    public uint Padding;
}

/// <summary>access(2). Source: <c>struct fuse_access_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseAccessIn
{
    public uint Mask;                   // R_OK 4, W_OK 2, X_OK 1
    public uint Padding;
}

/// <summary>Opens the conversation. Source: <c>struct fuse_init_in</c>; kernels before 7.36 send
/// its first 16 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseInitIn
{
    public uint Major;
    public uint Minor;
    public uint MaxReadAheadBytes;
    public uint Flags;                  // low word of FuseInitFlags
    public uint Flags2;                 // high word
    public FuseInitUnused Unused;
}

/// <summary>Reserved tail of <see cref="FuseInitIn"/>.</summary>
[InlineArray(11)]
public struct FuseInitUnused
{
    private uint _first;
}

/// <summary>Names the interrupted request. Source: <c>struct fuse_interrupt_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseInterruptIn
{
    public ulong Unique;
}

/// <summary>Maps a file block. Source: <c>struct fuse_bmap_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseBMapIn
{
    public ulong Block;                 // in units of BlockSizeBytes
    public uint BlockSizeBytes;
    public uint Padding;
}

/// <summary>ioctl(2); input bytes follow. Source: <c>struct fuse_ioctl_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseIoCtlIn
{
    public ulong Handle;
    public uint Flags;                  // FuseRequestFlags.IoCtl*
    public uint Command;
    public ulong Argument;              // the caller's third argument, a pointer we cannot follow
    public uint InputBytes;
    public uint OutputBytes;
}

/// <summary>Asks for readiness. Source: <c>struct fuse_poll_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FusePollIn
{
    public ulong Handle;
    public ulong KernelHandle;
    public uint Flags;
    public uint Events;
}

/// <summary>Reserves, punches or zeroes. Source: <c>struct fuse_fallocate_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseFAllocateIn
{
    public ulong Handle;
    public ulong Position;
    public ulong LengthBytes;
    public uint Mode;                   // FALLOC_FL_*
    public uint Padding;
}

/// <summary>Finds data or a hole. Source: <c>struct fuse_lseek_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseLSeekIn
{
    public ulong Handle;
    public ulong Position;
    public uint Whence;                 // SEEK_DATA 3, SEEK_HOLE 4
    public uint Padding;
}

/// <summary>Copies a range between open files; the header's node is the source. Source:
/// <c>struct fuse_copy_file_range_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseCopyFileRangeIn
{
    public ulong SourceHandle;
    public ulong SourcePosition;
    public ulong TargetNodeId;
    public ulong TargetHandle;
    public ulong TargetPosition;
    public ulong LengthBytes;
    public ulong Flags;
}

/// <summary>Asks for everything to become durable. Source: <c>struct fuse_syncfs_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseSyncFsIn
{
    public ulong Padding;
}

/// <summary>Drops references on the header's node. Source: <c>struct fuse_forget_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseForgetIn
{
    public ulong LookupCount;
}

/// <summary>How many <see cref="FuseForgetOne"/> follow. Source:
/// <c>struct fuse_batch_forget_in</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseBatchForgetIn
{
    public uint Count;
    public uint Padding;
}

/// <summary>One row of a batch. Source: <c>struct fuse_forget_one</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FuseForgetOne
{
    public ulong NodeId;
    public ulong LookupCount;
}
