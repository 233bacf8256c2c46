// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Threading;
using Hammer2.Benchmarks.Mount;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Write;

/// <summary>A filesystem that was made afresh, with its devices.</summary>
internal sealed class WriteTarget : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    /// <summary>Size of each device unless another is given.</summary>
    public const long DefaultBytes = 3L << 30;

    private readonly WriteContender _contender;
    private readonly List<string> _images = [];
    private readonly List<string> _devices = [];

    public WriteTarget(WriteContender contender, string scratch, long imageBytes = DefaultBytes)
    {
        _contender = contender;
        MountPoint = Path.Combine(scratch, "mnt");
        Directory.CreateDirectory(MountPoint);
        for (int index = 0; index < contender.Devices; index++)
        {
            string image = Path.Combine(scratch, Invariant($"{contender.Name}-{index}.img"));
            using (FileStream file = File.Create(image)) file.SetLength(imageBytes);
            _images.Add(image);
            _devices.Add(Run($"losetup -f --show {Shell.Quote(image)}").Trim());
        }
        _ = Run(Fill(contender.Make));
    }

    public string MountPoint { get; }

    public int DaemonId { get; private set; }

    public void Mount()
    {
        string log = Path.Combine(Path.GetTempPath(), $"hammer2-write-{Environment.ProcessId}.log");
        using Process process = Shell.StartDetached(Fill(_contender.Mount), log);
        if (!process.WaitForExit(s_limit)) throw new IOException("mount stays in foreground");
        if (process.ExitCode != 0) throw new IOException($"mount failed: {File.ReadAllText(log).Trim()}");
        File.Delete(log);
        if (_contender.Process.Length > 0) DaemonId = ProcessRecord.Find(_contender.Process, _devices[0]);
        if (_contender.Process.Length > 0 && DaemonId == 0) throw new IOException("no daemon found");
    }

    public void Unmount()
    {
        _ = Run($"umount {Shell.Quote(MountPoint)}");
        for (int wait = 0; wait < 6000 && ProcessRecord.TryRead(DaemonId, out _); wait++) Thread.Sleep(10);
        DaemonId = 0;
    }

    /// <summary>Bytes that reached the devices so far.</summary>
    public long WrittenBytes()
    {
        const int SectorsWritten = 6;
        long sectors = 0;
        foreach (string device in _devices)
        {
            string text = File.ReadAllText($"/sys/block/{Path.GetFileName(device)}/stat");
            string[] fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            sectors += long.Parse(fields[SectorsWritten], CultureInfo.InvariantCulture);
        }
        return sectors * 512;
    }

    public void Dispose()
    {
        if (Shell.Run($"mountpoint -q {Shell.Quote(MountPoint)}", "/", s_limit).ExitCode == 0) Unmount();
        foreach (string device in _devices) _ = Shell.Run($"losetup -d {device}", "/", s_limit);
        foreach (string image in _images) File.Delete(image);
    }

    private string Fill(string command) => command
        .Replace("{devices}", string.Join(' ', _devices), StringComparison.Ordinal)
        .Replace("{mountpoint}", Shell.Quote(MountPoint), StringComparison.Ordinal);

    private static string Run(string command)
    {
        ShellResult result = Shell.Run(command, "/", s_limit);
        if (result.ExitCode == 0) return result.Output;
        throw new IOException($"'{command}' ended with {result.ExitCode}: {result.Errors.Trim()}");
    }
}
