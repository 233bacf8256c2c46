// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Format;

/// <summary>Numbers of HAMMER2's ioctls, the same on Linux and on the BSDs.</summary>
/// <remarks>Source: hammer2_ioctl.h. All are <c>_IOWR('h', number, record)</c>.</remarks>
public static class IoctlCommand
{
    /// <summary>Reads the version of the format: <see cref="VersionRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_VERSION_GET</c>, number 64.</remarks>
    public const uint VersionGet = 0xC1006840;

    /// <summary>Reads the PFS with the lowest key from a key on: <see cref="PfsIoctlRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_PFS_GET</c>, number 80.</remarks>
    public const uint PfsGet = 0xC1406850;

    /// <summary>Creates a PFS: <see cref="PfsIoctlRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_PFS_CREATE</c>, number 81.</remarks>
    public const uint PfsCreate = 0xC1406851;

    /// <summary>Deletes a PFS: <see cref="PfsIoctlRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_PFS_DELETE</c>, number 82.</remarks>
    public const uint PfsDelete = 0xC1406852;

    /// <summary>Finds the PFS with a label: <see cref="PfsIoctlRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_PFS_LOOKUP</c>, number 83.</remarks>
    public const uint PfsLookup = 0xC1406853;

    /// <summary>Makes a snapshot of the mounted PFS: <see cref="PfsIoctlRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_PFS_SNAPSHOT</c>, number 84.</remarks>
    public const uint PfsSnapshot = 0xC1406854;

    /// <summary>Reads the meta part of an inode: <see cref="InodeRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_INODE_GET</c>, number 86.</remarks>
    public const uint InodeGet = 0xC4206856;

    /// <summary>Sets fields of an inode that no system call sets: <see cref="InodeRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_INODE_SET</c>, number 87.</remarks>
    public const uint InodeSet = 0xC4206857;

    /// <summary>Logs an inode; the record is a number of 32 bits with flags.</summary>
    /// <remarks><c>HAMMER2IOC_DEBUG_DUMP</c>, number 91.</remarks>
    public const uint DebugDump = 0xC004685B;

    /// <summary>Frees blocks that nothing refers to any more: <see cref="BulkfreeRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_BULKFREE_SCAN</c>, number 92.</remarks>
    public const uint BulkfreeScan = 0xC040685C;

    /// <summary>The same; the caller does not wait.</summary>
    /// <remarks><c>HAMMER2IOC_BULKFREE_ASYNC</c>, number 93.</remarks>
    public const uint BulkfreeAsync = 0xC040685D;

    /// <summary>Removes a directory entry or an inode that is damaged: <see cref="DestroyRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_DESTROY</c>, number 94.</remarks>
    public const uint Destroy = 0xC110685E;

    /// <summary>Turns emergency mode on or off; the record is a number of 32 bits.</summary>
    /// <remarks><c>HAMMER2IOC_EMERG_MODE</c>, number 95.</remarks>
    public const uint EmergencyMode = 0xC004685F;

    /// <summary>Makes the filesystem larger: <see cref="GrowRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_GROWFS</c>, number 96.</remarks>
    public const uint Grow = 0xC0486860;

    /// <summary>Lists volumes where a pointer in the record says; it cannot work through FUSE.</summary>
    /// <remarks><c>HAMMER2IOC_VOLUME_LIST</c>, number 97.</remarks>
    public const uint VolumeList = 0xC1106861;

    /// <summary>Lists volumes in the record itself: <see cref="VolumeListRecord"/>.</summary>
    /// <remarks><c>HAMMER2IOC_VOLUME_LIST2</c>, number 197, not on DragonFly.</remarks>
    public const uint VolumeListFlat = 0xD70868C5;

    /// <summary>Changes the options of a mount: <see cref="RemountRecord"/>.</summary>
    /// <remarks>Of this driver alone, number 240.</remarks>
    public const uint Remount = 0xC40068F0;

    /// <summary>Gives up (TRIM) free space, as of fstrim(8): <see cref="TrimRecord"/>. Linux has it for every
    /// filesystem.</summary>
    /// <remarks>Source: linux/fs.h, <c>FITRIM</c>, <c>_IOWR('X', 121, struct fstrim_range)</c>.</remarks>
    public const uint Trim = 0xC0185879;

    /// <summary>Ends writing at once. Linux has it for several filesystems; FUSE does not pass its argument on, which
    /// is how much to write before.</summary>
    /// <remarks>Source: linux/fs.h, <c>FS_IOC_SHUTDOWN</c>, <c>_IOR('X', 125, __u32)</c>.</remarks>
    public const uint Shutdown = 0x8004587D;

    /// <summary>True for a command whose record is an argument, false where it is a result alone.</summary>
    public static bool HasInput(uint command) => (command & 0x40000000) != 0;

    /// <summary>True for every command of HAMMER2's type, known or not.</summary>
    public static bool IsOfHammer2(uint command) => (byte)(command >> 8) == (byte)'h';
}
