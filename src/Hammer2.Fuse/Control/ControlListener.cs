// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Fuse.Control;

/// <summary>
/// The socket of one filesystem in the run-time directory. Beside it lies a file that its process keeps locked: a
/// socket whose file is not locked is left over from a process that was killed, and is replaced.
/// </summary>
internal sealed class ControlListener : IDisposable
{
    private const int NumbersMax = 64;
    private const uint OwnerOnly = 0x180;           // rw

    private readonly SafeFileHandle _directory;
    private readonly SafeFileHandle _lock;
    private readonly string _name;

    private ControlListener(SafeFileHandle directory, SafeFileHandle fileLock, string name, UnixSocket socket)
    {
        _directory = directory;
        _lock = fileLock;
        _name = name;
        Socket = socket;
    }

    /// <summary>Where connections come in.</summary>
    public UnixSocket Socket { get; }

    /// <summary>Makes the socket of a filesystem. Copies of a filesystem, which have the same id, have sockets with
    /// numbers.</summary>
    /// <exception cref="ControlException">It cannot be made.</exception>
    public static ControlListener Open(RuntimeDirectory runtime, MediaUuid filesystem)
    {
        SafeFileHandle directory = runtime.OpenOrCreate();
        try
        {
            for (int number = 1; number <= NumbersMax; number++)
            {
                string name = RuntimeDirectory.NameOf(filesystem, number);
                if (TryLock(directory, name) is not { } fileLock) continue;
                string path = RuntimeDirectory.PathIn(directory, name + ".sock");
                LinuxFiles.Remove(path);
                UnixSocket socket;
                try
                {
                    socket = UnixSocket.Listen(path);
                }
                catch (ControlException)
                {
                    fileLock.Dispose();
                    throw;
                }
                LinuxFiles.SetMode(path, OwnerOnly);
                RemoveStale(directory);
                return new ControlListener(directory, fileLock, name, socket);
            }
            throw new ControlException($"{runtime.Path}: no socket of filesystem {filesystem} is free");
        }
        catch (ControlException)
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Removes the socket, and wakes the thread that waits for connections.</summary>
    public void Dispose()
    {
        LinuxFiles.Remove(RuntimeDirectory.PathIn(_directory, _name + ".sock"));
        LinuxFiles.Remove(RuntimeDirectory.PathIn(_directory, _name + ".lock"));
        Socket.ShutDown();
        Socket.Dispose();
        _lock.Dispose();
        _directory.Dispose();
    }

    // Removes sockets of killed processes, also those of filesystems that are never mounted again.
    private static void RemoveStale(SafeFileHandle directory)
    {
        foreach (string path in RuntimeDirectory.Sockets(directory, null))
        {
            string name = path[(path.LastIndexOf('/') + 1)..^".sock".Length];
            using SafeFileHandle? fileLock = TryLock(directory, name);
            if (fileLock is null) continue;
            LinuxFiles.Remove(path);
            LinuxFiles.Remove(RuntimeDirectory.PathIn(directory, name + ".lock"));
        }
    }

    // The owner of the file may remove it between our open and our lock: a lock on a removed file excludes no other
    // process.
    private static SafeFileHandle? TryLock(SafeFileHandle directory, string name)
    {
        string path = RuntimeDirectory.PathIn(directory, name + ".lock");
        for (int attempt = 0; attempt < NumbersMax; attempt++)
        {
            SafeFileHandle file = LinuxFiles.TryOpenOrCreate(path)
                ?? throw new ControlException($"{path}: {LinuxFiles.LastReason}");
            if (!LinuxFiles.TryLock(file))
            {
                file.Dispose();
                return null;
            }
            if (LinuxFiles.StatusOf(path) is { } named && named.IsSameFile(LinuxFiles.StatusOf(file))) return file;
            file.Dispose();
        }
        return null;
    }
}
