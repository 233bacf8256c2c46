// SPDX-License-Identifier: BSD-3-Clause

using System.Diagnostics;
using System.IO;
using System.Threading;

namespace Hammer2.Benchmarks.Mount;

/// <summary>
/// A contender mounted over a cold cache; unmounts and waits for the daemon's end on disposal.
/// </summary>
internal sealed class MountSession : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private readonly Contender _contender;
    private readonly string _image;
    private readonly string _mountPoint;

    private MountSession(Contender contender, string image, string mountPoint)
        => (_contender, _image, _mountPoint) = (contender, image, mountPoint);

    /// <summary>Seconds from starting the mount command to the first answered stat of a file.</summary>
    internal double MountSeconds { get; private set; }

    /// <summary>Process id of the daemon, 0 when the filesystem is in the kernel.</summary>
    internal int DaemonId { get; private set; }

    /// <summary>Drops caches and mounts. <paramref name="probe"/> is a file that the tree has.</summary>
    internal static MountSession Open(Contender contender, string image, string mountPoint, string probe)
    {
        Directory.CreateDirectory(mountPoint);
        if (IsMounted(mountPoint)) throw new IOException($"{mountPoint} is in use");
        var session = new MountSession(contender, image, mountPoint);
        Machine.DropCaches();
        string log = Path.Combine(Path.GetTempPath(), $"hammer2-bench-{Environment.ProcessId}.log");
        try
        {
            session.Mount(probe, log);
        }
        catch (IOException)
        {
            session.Dispose();
            throw;
        }
        finally
        {
            File.Delete(log);
        }
        return session;
    }

    /// <summary>Unmounts, and waits until the daemon has let go of the image.</summary>
    public void Dispose()
    {
        string command = Contender.Fill(_contender.Unmount, _image, _mountPoint);
        for (int attempt = 0; attempt < 50 && IsMounted(_mountPoint); attempt++)
        {
            if (attempt > 0) Thread.Sleep(50);
            _ = Shell.Run(command, "/", s_limit); // judged by the mount table, not by its exit code
        }
        if (IsMounted(_mountPoint)) throw new IOException($"{_contender.Name}: cannot unmount {_mountPoint}");
        for (int attempt = 0; attempt < 500 && ProcessRecord.TryRead(DaemonId, out _); attempt++)
        {
            Thread.Sleep(10);
        }
    }

    private void Mount(string probe, string log)
    {
        string probed = Path.Combine(_mountPoint, probe);
        var clock = Stopwatch.StartNew();
        using Process process = Shell.StartDetached(
            Contender.Fill(_contender.Mount, _image, _mountPoint), log);
        while (!File.Exists(probed))
        {
            if (process.HasExited && process.ExitCode != 0)
            {
                throw Failed($"mount failed with {process.ExitCode}: {File.ReadAllText(log).Trim()}");
            }
            if (clock.Elapsed > s_limit) throw Failed($"no {probed} after {s_limit}");
            Thread.Sleep(1);
        }
        MountSeconds = clock.Elapsed.TotalSeconds;
        if (!process.WaitForExit(s_limit)) throw Failed("mount stays in foreground");
        if (_contender.Process.Length == 0) return;
        DaemonId = ProcessRecord.Find(_contender.Process, Path.GetFileName(_image));
        if (DaemonId == 0) throw Failed($"no process '{_contender.Process}' found");
    }

    private IOException Failed(string what) => new($"{_contender.Name}: {what}");

    private static bool IsMounted(string mountPoint)
    {
        foreach (string line in File.ReadLines("/proc/self/mounts"))
        {
            if (line.Split(' ')[1] == mountPoint) return true;
        }
        return false;
    }
}
