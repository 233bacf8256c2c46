// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Fuse.Control;

/// <summary>The fields of <c>struct statx</c> for type, owner and identity of a file.</summary>
internal readonly record struct LinuxFileStatus(ushort Mode, uint User, ulong Inode, uint Major, uint Minor)
{
    /// <summary>True for a directory.</summary>
    public bool IsDirectory => (Mode & 0xF000) == 0x4000;

    /// <summary>True when both are the same file.</summary>
    public bool IsSameFile(in LinuxFileStatus other) =>
        (Inode, Major, Minor) == (other.Inode, other.Major, other.Minor);
}

/// <summary>Linux calls for files and sockets in a directory.</summary>
internal static unsafe partial class LinuxFiles
{
    private const int OpenReadWrite = 2;
    private const int OpenCreate = 0x40;
    private const int OpenDirectory = 0x10000;
    private const int OpenNoFollow = 0x20000;
    private const int OpenCloseOnExec = 0x80000;
    private const int OpenPathOnly = 0x200000;
    private const int AtWorkingDirectory = -100;
    private const int SymbolicLinkNoFollow = 0x100;
    private const int EmptyPath = 0x1000;           // AT_EMPTY_PATH
    private const uint BasicStatus = 0x7FF;         // STATX_BASIC_STATS
    private const int StatusBytes = 256;
    private const int LockExclusiveNoWait = 2 | 4;  // LOCK_EX, LOCK_NB
    private const int NoEntry = 2;

    /// <summary>True when the last call failed because there is no such file.</summary>
    public static bool IsMissing => Marshal.GetLastPInvokeError() == NoEntry;

    /// <summary>The error text of the last call.</summary>
    public static string LastReason => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    /// <summary>The effective user of this process.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    /// <summary>Opens a directory, not through a symbolic link; null when that fails.</summary>
    public static SafeFileHandle? TryOpenDirectory(string path) =>
        TryOpen(path, OpenPathOnly | OpenDirectory | OpenNoFollow | OpenCloseOnExec, 0);

    /// <summary>Opens a file only accessible by its owner, and creates it if necessary; null when that fails.</summary>
    public static SafeFileHandle? TryOpenOrCreate(string path) =>
        TryOpen(path, OpenReadWrite | OpenCreate | OpenNoFollow | OpenCloseOnExec, 0x180);     // rw for the owner

    /// <summary>Locks an open file (flock) against all others; false when it is locked, or cannot be.</summary>
    public static bool TryLock(SafeFileHandle file) => Lock(file, LockExclusiveNoWait) == 0;

    /// <summary>The status of an open file.</summary>
    public static LinuxFileStatus StatusOf(SafeFileHandle file)
    {
        bool isHeld = false;
        try
        {
            file.DangerousAddRef(ref isHeld);
            return Status((int)file.DangerousGetHandle(), "", EmptyPath) ?? default;
        }
        finally
        {
            if (isHeld) file.DangerousRelease();
        }
    }

    /// <summary>The status of a path, without following a symbolic link; null when it does not exist.</summary>
    public static LinuxFileStatus? StatusOf(string path) => Status(AtWorkingDirectory, path, SymbolicLinkNoFollow);

    /// <summary>Creates a directory, unless the path exists.</summary>
    public static void MakeDirectory(string path, uint mode) => _ = MakeDirectoryAt(path, mode);

    /// <summary>Removes a file; does nothing if it does not exist.</summary>
    public static void Remove(string path) => _ = Unlink(path);

    /// <summary>Sets the permissions of a file.</summary>
    public static void SetMode(string path, uint mode) => _ = ChangeMode(path, mode);

    private static SafeFileHandle? TryOpen(string path, int flags, uint mode)
    {
        int descriptor = Open(path, flags, mode);
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static LinuxFileStatus? Status(int directory, string path, int flags)
    {
        byte* status = stackalloc byte[StatusBytes];
        return StatExtended(directory, path, flags, BasicStatus, status) == 0
            ? new LinuxFileStatus(*(ushort*)(status + 0x1C), *(uint*)(status + 0x14), *(ulong*)(status + 0x20),
                *(uint*)(status + 0x88), *(uint*)(status + 0x8C))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int StatExtended(int directory, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int MakeDirectoryAt(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true, StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int ChangeMode(string path, uint mode);
}
