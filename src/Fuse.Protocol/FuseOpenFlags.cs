// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>How the kernel treats an open file or directory. Source: <c>FOPEN_*</c>.</summary>
[Flags]
public enum FuseOpenFlags : uint
{
    /// <summary>The kernel's defaults.</summary>
    None = 0,

    /// <summary>Bypass the page cache.</summary>
    DirectIo = 1 << 0,

    /// <summary>Keep data cached from an earlier open.</summary>
    KeepCache = 1 << 1,

    /// <summary>lseek(2) fails.</summary>
    NonSeekable = 1 << 2,

    /// <summary>Directory entries may be cached.</summary>
    CacheDir = 1 << 3,

    /// <summary>No position at all.</summary>
    Stream = 1 << 4,

    /// <summary>No FLUSH on close.</summary>
    NoFlush = 1 << 5,

    /// <summary>Direct writes of one file may be in progress at once.</summary>
    ParallelDirectWrites = 1 << 6,

    /// <summary>Pass I/O to the backing file.</summary>
    Passthrough = 1 << 7,
}
