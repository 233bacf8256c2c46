// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>The kind of filesystem object an inode is.</summary>
/// <remarks>Upstream: <c>HAMMER2_OBJTYPE_*</c>.</remarks>
public enum ObjectType : byte
{
    /// <summary>Not a legal object.</summary>
    Unknown = 0,

    /// <summary>A directory.</summary>
    Directory = 1,

    /// <summary>A regular file.</summary>
    RegularFile = 2,

    /// <summary>A named pipe.</summary>
    Fifo = 4,

    /// <summary>A character device.</summary>
    CharacterDevice = 5,

    /// <summary>A block device.</summary>
    BlockDevice = 6,

    /// <summary>A symbolic link; the target is the file's data.</summary>
    SoftLink = 7,

    /// <summary>A local socket.</summary>
    Socket = 9,

    /// <summary>A whiteout; cannot be opened.</summary>
    Whiteout = 10,
}
