// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;

namespace Hammer2.Tool.Extract;

/// <summary>
/// System calls that create files relative to a directory descriptor, with names as bytes. The runtime's own functions
/// support neither names that are not UTF-8 nor directory descriptors.
/// </summary>
internal static unsafe partial class LinuxFiles
{
    public const int OpenWriteOnly = 1;
    public const int OpenReadWrite = 2;
    public const int OpenCreate = 0x40;
    public const int OpenExclusive = 0x80;
    public const int OpenCloseOnExec = 0x80000;
    public const int OpenPathOnly = 0x200000;
    public const int AtCurrentDirectory = -100;
    public const int AtSymlinkNoFollow = 0x100;
    public const int AtRemoveDirectory = 0x200;
    public const int AtSymlinkFollow = 0x400;
    public const int AtEmptyPath = 0x1000;
    public const uint StatxBasic = 0x7FF;
    public const uint StatxBirthTime = 0x800;
    public const uint TypeMask = 0xF000;

    // These two differ between processor architectures.
    public static readonly int OpenDirectory = IsArm ? 0x4000 : 0x10000;
    public static readonly int OpenNoFollow = IsArm ? 0x8000 : 0x20000;

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int openat(int directory, byte* name, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkdirat(int directory, byte* name, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int symlinkat(byte* target, int directory, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int linkat(int fromDirectory, byte* from, int directory, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mknodat(int directory, byte* name, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlinkat(int directory, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchownat(int directory, byte* name, uint user, uint group, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat(int fromDirectory, byte* from, int directory, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchown(int descriptor, uint user, uint group);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(int descriptor, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int futimens(int descriptor, TimeSpec* times);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmodat(int directory, byte* name, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int utimensat(int directory, byte* name, TimeSpec* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int statx(int directory, byte* name, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint readlinkat(int directory, byte* name, byte* target, nint targetBytes);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pwrite(int descriptor, byte* source, nint sourceBytes, long position);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int descriptor, byte* source, nint sourceBytes);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int descriptor, byte* target, nint targetBytes);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ftruncate(int descriptor, long length);

    [LibraryImport("libc")]
    public static partial uint geteuid();

    [LibraryImport("libc")]
    public static partial uint getegid();

    /// <summary>The description of an error number.</summary>
    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    /// <summary>Encodes a device number for the kernel.</summary>
    public static ulong DeviceNumber(uint major, uint minor) =>
        ((ulong)(major & 0xFFF) << 8) | ((ulong)(major & ~0xFFFU) << 32) | (minor & 0xFF) | ((ulong)(minor & ~0xFFU) << 12);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Found;
    }

    /// <summary>struct timespec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;

        public static TimeSpec OfMicroseconds(ulong time) => new()
        {
            Seconds = (long)(time / 1_000_000),
            Nanoseconds = (long)(time % 1_000_000 * 1000),
        };
    }

    /// <summary>struct statx, the fields that are used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct FileStatus
    {
        [FieldOffset(16)] public uint LinkCount;
        [FieldOffset(20)] public uint UserId;
        [FieldOffset(24)] public uint GroupId;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(64)] public long AccessSeconds;
        [FieldOffset(72)] public uint AccessNanoseconds;
        [FieldOffset(80)] public long BirthSeconds;
        [FieldOffset(88)] public uint BirthNanoseconds;
        [FieldOffset(112)] public long ModifySeconds;
        [FieldOffset(120)] public uint ModifyNanoseconds;
        [FieldOffset(128)] public uint SpecialMajor;
        [FieldOffset(132)] public uint SpecialMinor;
        [FieldOffset(136)] public uint DeviceMajor;
        [FieldOffset(140)] public uint DeviceMinor;

        public readonly uint Type => Mode & TypeMask;

        /// <summary>The identity of the object, unique on the host while it exists.</summary>
        public readonly FileIdentity Identity =>
            new(DeviceMajor, DeviceMinor, Inode, BirthSeconds, BirthNanoseconds);

        public readonly bool IsModifiedAt(ulong time) =>
            ModifySeconds == (long)(time / 1_000_000) && ModifyNanoseconds == (uint)(time % 1_000_000 * 1000);
    }
}

/// <summary>
/// Identifies an object of the host. The birth time (zero when the filesystem does not store it) distinguishes it from
/// a new object that reuses the inode number.
/// </summary>
internal readonly record struct FileIdentity(
    uint DeviceMajor, uint DeviceMinor, ulong Inode, long BirthSeconds, uint BirthNanoseconds);
