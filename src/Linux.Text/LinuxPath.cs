// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Runtime.InteropServices;

namespace Linux.Text;

/// <summary>File tests for paths that are strings of <see cref="ByteText"/>. The runtime's own functions would replace
/// bytes that are not UTF-8.</summary>
public static unsafe partial class LinuxPath
{
    private const int PathBytesMax = 4096;
    private const int Directory = 0x4000;
    private const int TypeMask = 0xF000;
    private const int AtWorkingDirectory = -100;
    private const uint StatTypeOnly = 1;        // STATX_TYPE
    private const int StatBytes = 256;
    private const int ModeOffset = 0x1C;

    /// <summary>True when a path exists; follows symbolic links.</summary>
    public static bool Exists(string path) => ModeOf(path) >= 0;

    /// <summary>True when a path is a directory; follows symbolic links.</summary>
    public static bool IsDirectory(string path) => ModeOf(path) is >= 0 and int mode && (mode & TypeMask) == Directory;

    /// <summary>True when a path exists and is not a directory; follows symbolic links.</summary>
    public static bool IsFile(string path) => ModeOf(path) is >= 0 and int mode && (mode & TypeMask) != Directory;

    /// <summary>The absolute path, without <c>.</c> and <c>..</c>; symbolic links are not resolved. A relative path is
    /// resolved against the working directory, or against the root directory when the working directory was
    /// removed.</summary>
    public static string GetFull(string path)
    {
        if (path.StartsWith('/')) return Path.GetFullPath(path, "/");
        byte* buffer = stackalloc byte[PathBytesMax];
        string directory = GetWorkingDirectory(buffer, PathBytesMax) == null
            ? "/"
            : ByteText.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer));
        return Path.GetFullPath(path, directory.StartsWith('/') ? directory : "/");
    }

    private static int ModeOf(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal)) return -1;
        byte* status = stackalloc byte[StatBytes];
        return StatExtended(AtWorkingDirectory, path, 0, StatTypeOnly, status) == 0
            ? *(ushort*)(status + ModeOffset)
            : -1;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(ByteTextMarshaller))]
    private static partial int StatExtended(int directory, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "getcwd")]
    private static partial byte* GetWorkingDirectory(byte* buffer, nuint bufferBytes);
}
