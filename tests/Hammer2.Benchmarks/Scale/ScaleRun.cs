// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using Hammer2.Benchmarks.Mount;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Scale;

/// <summary>One size of one curve: images, a mount, and the lines of what was measured.</summary>
/// <remarks>The processor time of a step is that of the daemon and of the program that was run, not of the workload;
/// the peak is that of the larger of both within the step.</remarks>
internal sealed class ScaleRun : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromHours(1);

    private readonly string _dataFile;
    private readonly long _size;
    private readonly TextWriter _output;
    private readonly List<string> _images = [];
    private int _daemon;

    public ScaleRun(string program, string scratch, string dataFile, long size, bool keeps, TextWriter output)
    {
        Program = program;
        Scratch = scratch;
        (_dataFile, _size, Keeps, _output) = (dataFile, size, keeps, output);
        MountPoint = Path.Combine(scratch, "mnt");
        _ = Directory.CreateDirectory(MountPoint);
        if (!File.Exists(dataFile)) File.WriteAllText(dataFile, "size\twhat\tcount\tcpu_s\twall_s\tpeak_mib\n");
    }

    /// <summary>The program, quoted for the shell.</summary>
    public string Program { get => Shell.Quote(field); }

    /// <summary>Where images and trees are made.</summary>
    public string Scratch { get; }

    /// <summary>True when images are left, and those of an earlier run are used.</summary>
    public bool Keeps { get; }

    /// <summary>Where a filesystem is mounted.</summary>
    public string MountPoint { get; }

    /// <summary>An image file of this size of this curve; made by the caller, deleted at the end.</summary>
    public string Image(string name)
    {
        string path = Path.Combine(Scratch, name);
        if (!_images.Contains(path)) _images.Add(path);
        return path;
    }

    /// <summary>Runs a command of the shell, without measuring.</summary>
    public static string Execute(string command)
    {
        ShellResult result = Shell.Run(command, "/", s_limit);
        if (result.ExitCode == 0) return result.Output;
        throw new IOException($"'{command}' ended with {result.ExitCode}: {result.Errors.Trim()}");
    }

    /// <summary>Measures a command of the program, such as <c>fsck IMAGE</c>; exit codes up to 1 are good.</summary>
    public void Command(string what, long count, string arguments)
    {
        string times = Path.Combine(Scratch, "times");
        string measured = $"/usr/bin/time -q -o {Shell.Quote(times)} -f '%U %S %M' {Program} {arguments}";
        (double daemon, double wall) = Timed(() => _ = Execute(measured + " >/dev/null || [ $? -eq 1 ]"));
        string[] fields = File.ReadAllText(times).Trim().Split(' ');
        double Number(int index) => double.Parse(fields[index], CultureInfo.InvariantCulture);
        Add(what, count, daemon + Number(0) + Number(1), wall, Math.Max(PeakMiB(), Number(2) / 1024));
    }

    /// <summary>Measures work on the mount: the daemon's processor time and peak.</summary>
    public void Work(string what, long count, Action work)
    {
        (double daemon, double wall) = Timed(work);
        Add(what, count, daemon, wall, PeakMiB());
    }

    /// <summary>Mounts, and measures that if it has a name: until the root directory was read.</summary>
    /// <param name="specs">Devices with labels.</param>
    /// <param name="what">What the line is called; null for none.</param>
    /// <param name="until">Waited for, and measured too.</param>
    public void Mount(string specs, string? what = null, Func<bool>? until = null)
    {
        string log = Path.Combine(Scratch, "mount.log");
        long start = Stopwatch.GetTimestamp();
        using (Process process = Shell.StartDetached($"{Program} mount {specs} {MountPoint}", log))
        {
            process.WaitForExit();
            if (process.ExitCode != 0) throw new IOException($"mount failed: {File.ReadAllText(log).Trim()}");
        }
        _ = Directory.GetFileSystemEntries(MountPoint, "none*");
        while (until?.Invoke() == false) Thread.Sleep(50);
        double wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _daemon = ProcessRecord.Find("hammer2", _images[0]);
        if (_daemon == 0) throw new IOException("no daemon found");
        _ = ProcessRecord.TryRead(_daemon, out ProcessRecord record);
        if (what is not null) Add(what, 1, record.CpuSeconds, wall, record.PeakMiB);
    }

    /// <summary>Commits everything that is dirty.</summary>
    public void Commit() => File.WriteAllText(Path.Combine(MountPoint, ".hammer2", "control"), "sync");

    /// <summary>Unmounts and waits for the daemon.</summary>
    public void Unmount()
    {
        if (_daemon == 0) return;
        _ = Execute($"umount {MountPoint}");
        while (ProcessRecord.TryRead(_daemon, out _)) Thread.Sleep(10);
        _daemon = 0;
    }

    /// <summary>Unmounts and mounts again, so that neither the kernel nor the daemon has anything cached.</summary>
    public void Remount(string specs, string? what = null)
    {
        Unmount();
        Mount(specs, what);
    }

    public void Dispose()
    {
        Unmount();
        foreach (string image in _images)
            if (!Keeps) File.Delete(image);
    }

    private (double Daemon, double Wall) Timed(Action work)
    {
        if (_daemon != 0) File.WriteAllText($"/proc/{_daemon}/clear_refs", "5"); // the peak begins anew
        _ = ProcessRecord.TryRead(_daemon, out ProcessRecord before);
        long start = Stopwatch.GetTimestamp();
        work();
        double wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _ = ProcessRecord.TryRead(_daemon, out ProcessRecord after);
        return (after.CpuSeconds - before.CpuSeconds, wall);
    }

    private double PeakMiB() => ProcessRecord.TryRead(_daemon, out ProcessRecord record) ? record.PeakMiB : 0;

    private void Add(string what, long count, double cpu, double wall, double peak)
    {
        string line = Invariant($"{_size}\t{what}\t{count}\t{cpu:f2}\t{wall:f3}\t{peak:f0}");
        File.AppendAllText(_dataFile, line + "\n");
        _output.WriteLine(Path.GetFileNameWithoutExtension(_dataFile) + "\t" + line);
    }
}
