// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Hammer2.Format;
using Linux.Text;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Fuse.Control;

/// <summary>
/// The directory of sockets of one user's daemons: /run/hammer2 for root, else <c>hammer2</c> in XDG_RUNTIME_DIR or
/// /run/user/UID, or a directory of the user's own in /tmp. It is used only when no other user can write to it.
/// </summary>
internal sealed class RuntimeDirectory
{
    private const string Name = "hammer2";
    private const string SocketSuffix = ".sock";

    private readonly uint _user;

    /// <summary>A directory at a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="user">The required owner.</param>
    public RuntimeDirectory(string path, uint user) => (Path, _user) = (path, user);

    /// <summary>The path of the directory.</summary>
    public string Path { get; }

    /// <summary>The directory of the user of this process.</summary>
    public static RuntimeDirectory OfThisUser()
    {
        uint user = LinuxFiles.EffectiveUser();
        string? runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return new RuntimeDirectory(PathFor(user, runtime, LinuxPath.IsDirectory), user);
    }

    /// <summary>Determines the path.</summary>
    /// <param name="user">The user.</param>
    /// <param name="runtime">XDG_RUNTIME_DIR, null when not set.</param>
    /// <param name="isDirectory">Tells whether a path is a directory.</param>
    public static string PathFor(uint user, string? runtime, Predicate<string> isDirectory)
    {
        if (user == 0) return "/run/" + Name;
        if (runtime is not null && runtime.StartsWith('/') && isDirectory(runtime))
            return runtime.TrimEnd('/') + "/" + Name;
        string number = user.ToString(CultureInfo.InvariantCulture);
        string ofUser = "/run/user/" + number;
        return isDirectory(ofUser) ? $"{ofUser}/{Name}" : $"/tmp/{Name}-{number}";
    }

    /// <summary>Decides whether sockets in a directory can be trusted.</summary>
    /// <returns>Null when they can, else why not.</returns>
    public static string? FaultOf(in LinuxFileStatus status, uint user)
    {
        if (!status.IsDirectory) return "is not a directory";
        if (status.User != user) return $"belongs to user {status.User}";
        return (status.Mode & 0x3F) == 0 ? null : "can be used by other users";       // rwxrwx of group and others
    }

    /// <summary>Opens the directory, made if it is not there.</summary>
    /// <exception cref="ControlException">It cannot be made, or cannot be trusted.</exception>
    public SafeFileHandle OpenOrCreate()
    {
        LinuxFiles.MakeDirectory(Path, 0x1C0);          // rwx for the owner
        return TryOpen() ?? throw new ControlException($"{Path}: cannot be made: {LinuxFiles.LastReason}");
    }

    /// <summary>Opens the directory; null when it is not there.</summary>
    /// <exception cref="ControlException">It cannot be trusted.</exception>
    public SafeFileHandle? TryOpen()
    {
        SafeFileHandle? directory = LinuxFiles.TryOpenDirectory(Path);
        if (directory is null)
        {
            return LinuxFiles.IsMissing
                ? null : throw new ControlException($"{Path}: cannot be opened: {LinuxFiles.LastReason}");
        }
        if (FaultOf(LinuxFiles.StatusOf(directory), _user) is not { } fault) return directory;
        directory.Dispose();
        throw new ControlException($"{Path}: {fault}");
    }

    /// <summary>The path of a file in the open directory, short enough for a socket, and in that directory even when
    /// another is moved to its place.</summary>
    public static string PathIn(SafeFileHandle directory, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{directory.DangerousGetHandle()}/{name}");

    /// <summary>Name of the files of a filesystem, without their endings.</summary>
    /// <param name="filesystem">Which.</param>
    /// <param name="number">From 1: copies of a filesystem have the same id.</param>
    public static string NameOf(MediaUuid filesystem, int number) => number == 1
        ? filesystem.ToString() : string.Create(CultureInfo.InvariantCulture, $"{filesystem}.{number}");

    /// <summary>Paths of sockets in the open directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="filesystem">Of which filesystem; null for any.</param>
    public static IReadOnlyList<string> Sockets(SafeFileHandle directory, MediaUuid? filesystem)
    {
        string pattern = filesystem is { } id ? id + "*" + SocketSuffix : "*" + SocketSuffix;
        string path = PathIn(directory, "");
        try
        {
            string[] found = Directory.GetFiles(path, pattern);
            Array.Sort(found, StringComparer.Ordinal);
            return found;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ControlException($"{path}: {failure.Message}");
        }
    }
}
