// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Runtime.InteropServices;

namespace Linux.Text;

/// <summary>Paths as strings of <see cref="ByteText"/>, where the runtime's own functions replace bytes.</summary>
public static unsafe partial class LinuxPath
{
    private const int PathBytesMax = 4096;
    private const int Directory = 0x4000;
    private const int TypeMask = 0xF000;
    private const int AtWorkingDirectory = -100;
    private const uint StatTypeOnly = 1;        // STATX_TYPE
    private const int StatBytes = 256;
    private const int ModeOffset = 0x1C;

    /// <summary>Whether a path leads to something, following symbolic links.</summary>
    public static bool Exists(string path) => ModeOf(path) >= 0;

    /// <summary>Whether a path leads to a directory.</summary>
    public static bool IsDirectory(string path) => ModeOf(path) is >= 0 and int mode && (mode & TypeMask) == Directory;

    /// <summary>Whether a path leads to something that is no directory.</summary>
    public static bool IsFile(string path) => ModeOf(path) is >= 0 and int mode && (mode & TypeMask) != Directory;

    /// <summary>The path from the root, without <c>.</c> and <c>..</c>; symbolic links are left alone. What a path is
    /// relative to is the working directory, which the answer lacks when that was removed.</summary>
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
