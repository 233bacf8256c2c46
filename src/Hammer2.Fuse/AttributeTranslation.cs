// SPDX-License-Identifier: BSD-3-Clause
using System.Numerics;
using Fuse.Protocol;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse;

/// <summary>
/// Translates an object's attributes to the kernel's structs, with owner and permission bits replaced as the mount
/// options say.
/// </summary>
internal sealed class AttributeTranslation
{
    private const uint BlockSizeBytes = 65536;      // the largest block on media

    // readdir(3) of the C library reads a directory in buffers of st_blksize; each is one request, for which the kernel
    // allocates a whole buffer however short the reply is.
    private const ulong ListingBytesMin = 32 << 10;
    private const ulong ListingBytesMax = 128 << 10;
    private const long MicrosecondsPerSecond = 1_000_000;
    private const uint TypeMask = 0xF000;
    private const uint PermissionMask = 0x1FF;
    private const ulong StatXAttrImmutable = 0x10;
    private const ulong StatXAttrAppend = 0x20;
    private const ulong StatXAttrNoDump = 0x40;

    private readonly MountOptions _options;

    /// <summary>A translation with the given mount options.</summary>
    public AttributeTranslation(MountOptions options) => _options = options;

    /// <summary>Fills the struct shared by LOOKUP, GETATTR and READDIRPLUS.</summary>
    public void Fill(in VnodeAttributes from, ref FuseAttr to)
    {
        to.Inode = from.Inum;
        to.SizeBytes = from.SizeBytes;
        to.Blocks = from.Blocks;
        (to.ATime, to.ATimeNanoseconds) = Time(from.AccessTime);
        (to.MTime, to.MTimeNanoseconds) = Time(from.ModifyTime);
        (to.CTime, to.CTimeNanoseconds) = Time(from.ChangeTime);
        to.Mode = Mode(from.Mode);
        to.LinkCount = from.LinkCount;
        to.Uid = _options.UserId ?? from.UserId;
        to.Gid = _options.GroupId ?? from.GroupId;
        to.DeviceNumber = DeviceNumber(from.DeviceMajor, from.DeviceMinor);
        to.BlockSizeBytes = BlockSizeOf(in from);
    }

    /// <summary>Fills the struct of STATX.</summary>
    public void Fill(in VnodeAttributes from, ref FuseStatX to)
    {
        to.Mask = FuseStatXMask.Basic | FuseStatXMask.BirthTime;
        to.BlockSizeBytes = BlockSizeOf(in from);
        to.AttributesMask = StatXAttrImmutable | StatXAttrAppend | StatXAttrNoDump;
        to.Attributes = Flags(from.Flags);
        to.LinkCount = from.LinkCount;
        to.Uid = _options.UserId ?? from.UserId;
        to.Gid = _options.GroupId ?? from.GroupId;
        to.Mode = (ushort)Mode(from.Mode);
        to.Inode = from.Inum;
        to.SizeBytes = from.SizeBytes;
        to.Blocks = from.Blocks;
        (to.ATime.Seconds, to.ATime.Nanoseconds) = Time(from.AccessTime);
        (to.BirthTime.Seconds, to.BirthTime.Nanoseconds) = Time(from.BirthTime);
        (to.CTime.Seconds, to.CTime.Nanoseconds) = Time(from.ChangeTime);
        (to.MTime.Seconds, to.MTime.Nanoseconds) = Time(from.ModifyTime);
        to.DeviceNumberMajor = from.DeviceMajor;
        to.DeviceNumberMinor = from.DeviceMinor;
    }

    /// <summary>The kernel's 32-bit encoding of a device number: 12 bits of major around 20 bits of minor.</summary>
    internal static uint DeviceNumber(uint major, uint minor) =>
        (minor & 0xFF) | ((major & 0xFFF) << 8) | ((minor & 0xFFF00) << 12);

    /// <summary>Decodes the kernel's 32-bit device number.</summary>
    internal static (uint Major, uint Minor) DeviceOf(uint number) =>
        ((number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00));

    // An entry needs about as many bytes in a listing with attributes as on media.
    private static uint BlockSizeOf(in VnodeAttributes from) => !from.IsDirectory
        ? BlockSizeBytes
        : (uint)BitOperations.RoundUpToPowerOf2(
            Math.Clamp(from.BytesBelow, ListingBytesMin, ListingBytesMax));

    private uint Mode(uint mode)
    {
        if (_options.Umask is not { } umask) return mode;
        return (mode & TypeMask) | (PermissionMask & ~umask);
    }

    /// <summary>The stored form of a time: microseconds since 1970, rounded down; earlier times are negative.</summary>
    internal static ulong Microseconds(long seconds, uint nanoseconds) =>
        unchecked((ulong)((seconds * MicrosecondsPerSecond) + (nanoseconds / 1000)));

    private static (long Seconds, uint Nanoseconds) Time(ulong microseconds)
    {
        (long seconds, long rest) = Math.DivRem(unchecked((long)microseconds), MicrosecondsPerSecond);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + MicrosecondsPerSecond);
        return (seconds, (uint)rest * 1000);
    }

    private static ulong Flags(FileFlags flags)
    {
        ulong shown = 0;
        if ((flags & (FileFlags.UserImmutable | FileFlags.SystemImmutable)) != 0)
            shown |= StatXAttrImmutable;
        if ((flags & (FileFlags.UserAppend | FileFlags.SystemAppend)) != 0) shown |= StatXAttrAppend;
        if ((flags & FileFlags.UserNoDump) != 0) shown |= StatXAttrNoDump;
        return shown;
    }
}
