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

/// <summary>The role of a PFS root in its cluster, in the low nibble of the stored byte.</summary>
/// <remarks>Upstream: <c>HAMMER2_PFSTYPE_*</c>. The high nibble is the role that it is changing to.</remarks>
public enum PfsType : byte
{
    /// <summary>Not a PFS.</summary>
    None = 0,

    /// <summary>A partial copy that caches some of the data.</summary>
    Cache = 1,

    /// <summary>A synchronized copy without a vote.</summary>
    Slave = 3,

    /// <summary>A slave that may be mounted by itself.</summary>
    SoftSlave = 4,

    /// <summary>A master that may be mounted by itself.</summary>
    SoftMaster = 5,

    /// <summary>A copy that counts towards the quorum.</summary>
    Master = 6,

    /// <summary>The super-root of a device.</summary>
    SuperRoot = 8,

    /// <summary>A placeholder in memory, never on media.</summary>
    Dummy = 9,
}

/// <summary>The purpose of a PFS.</summary>
/// <remarks>Upstream: <c>HAMMER2_PFSSUBTYPE_*</c>.</remarks>
public enum PfsSubtype : byte
{
    /// <summary>An ordinary PFS.</summary>
    None = 0,

    /// <summary>A snapshot made on request.</summary>
    Snapshot = 1,

    /// <summary>A snapshot made by a schedule.</summary>
    AutoSnapshot = 2,
}

/// <summary>Bits of <see cref="InodeMeta.OperationFlags"/>.</summary>
/// <remarks>Upstream: <c>HAMMER2_OPFLAG_*</c>.</remarks>
[Flags]
public enum OperationFlags : byte
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>The inode holds its file data in place of references.</summary>
    DirectData = 0x01,

    /// <summary>The inode is the root of a PFS.</summary>
    PfsRoot = 0x02,
}

/// <summary>BSD file flags as stored.</summary>
/// <remarks>Upstream: <c>chflags(2)</c> values.</remarks>
[Flags]
public enum FileFlags : uint
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>dump(8) leaves the file out.</summary>
    UserNoDump = 0x0000_0001,

    /// <summary>The owner made the file immutable.</summary>
    UserImmutable = 0x0000_0002,

    /// <summary>The owner made the file append-only.</summary>
    UserAppend = 0x0000_0004,

    /// <summary>The owner forbade removal and renaming.</summary>
    UserNoUnlink = 0x0000_0010,

    /// <summary>The super-user made the file immutable.</summary>
    SystemImmutable = 0x0002_0000,

    /// <summary>The super-user made the file append-only.</summary>
    SystemAppend = 0x0004_0000,

    /// <summary>The super-user forbade removal and renaming.</summary>
    SystemNoUnlink = 0x0010_0000,
}
