// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics;
using System.IO;

namespace Hammer2.Tests.Admin;

/// <summary>A directory for one test, removed with its content; in memory when there is enough.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    private const string Memory = "/dev/shm";
    private const long RoomBytes = 4L << 30;

    public ScratchDirectory()
    {
        string parent = IsInMemory ? Memory : System.IO.Path.GetTempPath();
        Path = System.IO.Path.Combine(parent, "hammer2-test-" + System.IO.Path.GetRandomFileName());
        _ = Directory.CreateDirectory(Path);
    }

    /// <summary>True when it is in memory, where times of any year can be kept; elsewhere the host's
    /// filesystem may cut them off.</summary>
    public static bool IsInMemory { get; } =
        Directory.Exists(Memory) && new DriveInfo(Memory).AvailableFreeSpace >= RoomBytes;

    public string Path { get; }

    public string Below(string name) => System.IO.Path.Combine(Path, name);

    // The runtime cannot remove files whose names are not UTF-8.
    public void Dispose()
    {
        const string Command = "chmod -R u+rwx \"$0\"; rm -rf \"$0\"";
        using Process? process = Process.Start("/bin/sh", ["-c", Command, Path]);
        process?.WaitForExit();
    }
}
