// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Vnodes;

/// <summary>Flags of FS_IOC_GETFLAGS and chattr(1), with Linux's values. Other flags are not supported.</summary>
[Flags]
public enum LinuxFileFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>FS_COMPR_FL: new data is compressed; objects created in a directory inherit the flag.</summary>
    Compress = 0x0004,

    /// <summary>FS_IMMUTABLE_FL: the object cannot be changed.</summary>
    Immutable = 0x0010,

    /// <summary>FS_APPEND_FL: files can only be appended to, directories only get new entries.</summary>
    Append = 0x0020,

    /// <summary>FS_NODUMP_FL: dump(8) skips it.</summary>
    NoDump = 0x0040,

    /// <summary>FS_NOCOMP_FL: new data is not compressed.</summary>
    NoCompress = 0x0400,
}
