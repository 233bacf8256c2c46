// SPDX-License-Identifier: BSD-3-Clause

using System.Runtime.InteropServices;

namespace Hammer2.MountTests;

/// <summary>struct statx: the same on every architecture, unlike struct stat.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct PosixStatus
{
    internal const uint AllFields = 0xFFF;
    // By the type in the upper four bits of a mode, which is what getdents64 gives too.
    internal const string TypeLetters = "?pc?d?b?f?l?s???";
    internal const uint BirthField = 0x800;

    [FieldOffset(0x00)] internal uint Mask;
    [FieldOffset(0x04)] internal uint BlockSize;
    [FieldOffset(0x10)] internal uint LinkCount;
    [FieldOffset(0x14)] internal uint User;
    [FieldOffset(0x18)] internal uint Group;
    [FieldOffset(0x1C)] internal ushort Mode;
    [FieldOffset(0x20)] internal ulong Inode;
    [FieldOffset(0x28)] internal ulong Size;
    [FieldOffset(0x30)] internal ulong Blocks;
    [FieldOffset(0x40)] internal long AccessSeconds;
    [FieldOffset(0x50)] internal long BirthSeconds;
    [FieldOffset(0x60)] internal long ChangeSeconds;
    [FieldOffset(0x68)] internal uint ChangeNanoseconds;
    [FieldOffset(0x70)] internal long ModifySeconds;
    [FieldOffset(0x78)] internal uint ModifyNanoseconds;
    [FieldOffset(0x80)] internal uint DeviceMajor;
    [FieldOffset(0x84)] internal uint DeviceMinor;
    [FieldOffset(0x88)] internal uint FileSystemMajor;
    [FieldOffset(0x8C)] internal uint FileSystemMinor;

    /// <summary>The letter that listings use: d f l p s c b, or ? for what Linux does not know.</summary>
    internal readonly char Type => TypeLetters[Mode >> 12];
}

/// <summary>struct statvfs of 64-bit glibc.</summary>
[StructLayout(LayoutKind.Explicit, Size = 112)]
internal struct PosixSpace
{
    [FieldOffset(0)] internal ulong BlockSize;
    [FieldOffset(8)] internal ulong FragmentSize;
    [FieldOffset(16)] internal ulong Blocks;
    [FieldOffset(24)] internal ulong BlocksFree;
    [FieldOffset(32)] internal ulong BlocksAvailable;
    [FieldOffset(40)] internal ulong Files;
    [FieldOffset(48)] internal ulong FilesFree;
    [FieldOffset(72)] internal ulong Flags;
    [FieldOffset(80)] internal ulong NameMax;
}

/// <summary>struct flock of 64-bit systems.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PosixRecordLock
{
    internal short Type;
    internal short Whence;
    internal long Start;
    internal long Length;
    internal int Process;
}

/// <summary>One entry that getdents64 gave; the name's characters are its bytes.</summary>
internal readonly record struct PosixEntry(ulong Inode, long Next, char Type, string Name);
