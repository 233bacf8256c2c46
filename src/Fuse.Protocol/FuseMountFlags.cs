// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>Flags of mount(2). Source: <c>MS_*</c>, linux/mount.h.</summary>
[Flags]
public enum FuseMountFlags : uint
{
    /// <summary>The kernel's defaults.</summary>
    None = 0,

    /// <summary>The filesystem is read-only.</summary>
    ReadOnly = 1,

    /// <summary>Set-user-id and set-group-id bits are ignored.</summary>
    NoSuid = 2,

    /// <summary>Device nodes cannot be opened.</summary>
    NoDevice = 4,

    /// <summary>Programs cannot be run.</summary>
    NoExec = 8,

    /// <summary>Writes wait for the device.</summary>
    Synchronous = 16,

    /// <summary>Changes of directories wait for the device.</summary>
    DirectorySync = 128,

    /// <summary>Symbolic links are not followed (Linux 5.10).</summary>
    NoSymlinkFollow = 256,

    /// <summary>Access times are not updated.</summary>
    NoAccessTime = 1024,

    /// <summary>Access times of directories are not updated.</summary>
    NoDirectoryAccessTime = 2048,

    /// <summary>Access times are updated only when older than the modification time.</summary>
    RelativeAccessTime = 1 << 21,

    /// <summary>Access times are always updated.</summary>
    StrictAccessTime = 1 << 24,

    /// <summary>Updates of times alone are written late.</summary>
    LazyTime = 1 << 25,
}
