// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics;
using System.IO;

namespace Hammer2.Testing;

/// <summary>A loop device over an image file, for tests that need a real block device.</summary>
public sealed class LoopDevice : IDisposable
{
    private readonly System.Collections.Generic.List<int> _partitions = [];

    private LoopDevice(string path) => Path = path;

    /// <summary>The reason why loop devices are not available, or null: they need root and a kernel with loop
    /// devices.</summary>
    public static string? Absence { get; } = FindAbsence();

    /// <summary>Path of the device, such as /dev/loop0.</summary>
    public string Path { get; }

    /// <summary>Attaches a file to a loop device.</summary>
    public static LoopDevice Attach(string file, bool isReadOnly = false)
    {
        string? path = isReadOnly
            ? Run("losetup", "--read-only", "--find", "--show", file)
            : Run("losetup", "--find", "--show", file);
        return path == null ? throw new IOException($"no loop device for {file}") : new LoopDevice(Settled(path));
    }

    /// <summary>Attaches part of a file to a loop device.</summary>
    public static LoopDevice AttachPart(string file, long offset, long lengthBytes)
    {
        string? path = Run(
            "losetup", "--find", "--show", "--offset", $"{offset}", "--sizelimit", $"{lengthBytes}", file);
        return path == null ? throw new IOException($"no loop device for {file}") : new LoopDevice(Settled(path));
    }

    // Where udev runs, it opens a new device and locks it for moments.
    private static string Settled(string path)
    {
        if (File.Exists("/run/udev/control")) _ = Run("udevadm", "settle", "--timeout=30");
        return path;
    }

    /// <summary>Adds a partition to the kernel's table, without a partition table on the device.</summary>
    /// <returns>Its device node, as /dev/loop0p1.</returns>
    public string AddPartition(int number, long offset, long lengthBytes)
    {
        if (Run("addpart", Path, $"{number}", $"{offset / 512}", $"{lengthBytes / 512}") == null)
            throw new IOException($"no partition {number} of {Path}");
        _partitions.Add(number);
        return $"{Path}p{number}";
    }

    /// <summary>Detaches the loop device.</summary>
    public void Dispose()
    {
        foreach (int number in _partitions) _ = Run("delpart", Path, $"{number}");
        _ = Run("losetup", "--detach", Path);
    }

    private static string? FindAbsence()
    {
        string file = System.IO.Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, new byte[1 << 20]);
            if (Run("losetup", "--find", "--show", file) is not { } device)
                return "needs root and loop devices";
            _ = Run("losetup", "--detach", device);
            return null;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string? Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // no such program here
        }
    }
}
