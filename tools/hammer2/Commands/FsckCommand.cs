// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using Hammer2.Admin;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Tool.Commands;

/// <summary>Judges filesystems as a whole, the way fsck(8) calls it.</summary>
internal static class FsckCommand
{
    private static readonly OptionRow NoChanges = new("--no-changes", "check only (the default)") { Short = "-n" };

    private static readonly OptionRow Force =
        new("--force", "accepted for fsck(8): media keep no sign of being clean, every check is whole") { Short = "-f" };

    private static readonly OptionRow Quick = new("--quick", "leave file data unread and check everything else");

    private static readonly OptionRow ProgressTo =
        new("--progress-fd", "write progress to this open file as fsck(8) reads it; 0 draws a bar")
        {
            Short = "-C",
            ValueName = "FD",
        };

    private static readonly OptionRow FindingsMax =
        new("--max-findings", "list at most so many of each severity (10000 unless given)") { ValueName = "NUMBER" };

    public static readonly CommandRow Row = new("fsck", "check filesystems as a whole", Run)
    {
        Group = CommandGroup.Media,
        ProgramNames = ["fsck.hammer2", "fsck_hammer2"],
        UsageExitCode = ExitCode.FsckUsage,
        Description = """
            Reads everything and judges it by every rule of the format: headers, check codes, structure, order,
            statistics, the freemap against what can be reached, entries against inodes and link counts. Findings
            are errors (something is lost, or the next write may lose something), warnings (inconsistent, and nothing is
            lost) and notes (legal, and worth knowing). Nothing is written.

            A filesystem that is mounted for writing is refused: what is read meanwhile would not fit together.

            Give the nodes of a cluster as several volumes: each is checked by itself.
            """,
        Arguments = [MediaOptions.Volumes],
        Options = [NoChanges, Force, Quick, ProgressTo, FindingsMax, .. MediaOptions.All],
        HasUnits = true,
        ExitCodes =
        [
            new(ExitCode.Ok, "no errors and no warnings"),
            new(ExitCode.FsckUncorrected, "errors or warnings were found and left"),
            new(ExitCode.FsckOperational, "a device cannot be opened, is in use or holds no HAMMER2 filesystem"),
            new(ExitCode.FsckUsage, "the command line makes no sense"),
            new(ExitCode.FsckCancelled, "stopped by the keyboard or a signal"),
        ],
        Examples =
        [
            new("hammer2 fsck /dev/sdb1", "check a partition"),
            new("fsck.hammer2 -n -C0 /dev/sdb1:/dev/sdc1", "check a filesystem of two volumes, with a bar"),
            new("hammer2 fsck --json n0.img n1.img n2.img", "check the nodes of a cluster, for a program"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        using var stop = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = StopOn(PosixSignal.SIGINT, stop);
        using PosixSignalRegistration terminate = StopOn(PosixSignal.SIGTERM, stop);
        using var progress = new FsckProgress(invocation.Terminal, OpenProgress(invocation));
        ulong findingsMax = invocation.Number(FindingsMax) ?? 10_000;
        if (findingsMax is 0 or > 1_000_000)
            throw new CommandException(ExitCode.FsckUsage, $"{FindingsMax.Name} {findingsMax}: must be 1 to 1000000");
        int code = ExitCode.Ok;
        using Report report = invocation.OpenReport();
        report.BeginList("filesystems");
        foreach (string text in invocation.Texts(MediaOptions.Volumes))
        {
            if (TryOpen(invocation, text) is not { } volumes)
            {
                code |= ExitCode.FsckOperational;
                continue;
            }
            using (volumes)
            {
                var options = new FsckOptions
                {
                    FindingsMax = (int)findingsMax,
                    ReadsData = !invocation.Has(Quick),
                    Progress = progress.Of(volumes),
                    Cancellation = stop.Token,
                };
                code |= Check(report, volumes, options, progress);
            }
            if (stop.IsCancellationRequested) break;
        }
        report.EndList();
        return code;
    }

    private static int Check(Report report, VolumeSet volumes, FsckOptions options, FsckProgress progress)
    {
        try
        {
            FsckReport result = Fsck.Check(volumes, options);
            progress.Clear();
            FsckText.Write(report, volumes, result);
            return result.IsClean ? ExitCode.Ok : ExitCode.FsckUncorrected;
        }
        catch (OperationCanceledException)
        {
            progress.Clear();
            return ExitCode.FsckCancelled;
        }
    }

    private static VolumeSet? TryOpen(Invocation invocation, string text)
    {
        try
        {
            MountSpec spec = MountSpec.Parse(text);
            // The shared lock keeps writers away, and is refused beside one.
            MediaSourceOptions options = MediaOptions.Read(invocation) with { TakesLock = true };
            return MediaSource.Open(spec.Paths, options, invocation.Loggers.CreateLogger("Hammer2.Devices"));
        }
        catch (Exception failure) when (failure is MediaException or FormatException or ArgumentException)
        {
            invocation.Warn(failure.Message);
            return null;
        }
    }

    private static PosixSignalRegistration StopOn(PosixSignal signal, CancellationTokenSource stop) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });

    private static FileStream? OpenProgress(Invocation invocation)
    {
        ulong number = invocation.Number(ProgressTo) ?? 0;
        if (number == 0) return null;
        if (number > int.MaxValue)
            throw new CommandException(ExitCode.FsckUsage, $"{ProgressTo.Name} {number}: no open file");
        try
        {
            return new FileStream(new SafeFileHandle((nint)number, ownsHandle: false), FileAccess.Write, 1);
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.FsckUsage, $"{ProgressTo.Name} {number}: {failure.Message}", failure);
        }
    }
}

/// <summary>Shows how far a check is: as a bar, or as the lines that fsck(8) and its callers read.</summary>
internal sealed class FsckProgress : IDisposable
{
    private readonly ProgressLine _line;
    private readonly FileStream? _to;

    /// <summary>Draws on the terminal, and writes to a file if there is one.</summary>
    public FsckProgress(Terminal terminal, FileStream? to)
    {
        _line = new ProgressLine(terminal);
        _to = to;
    }

    /// <summary>What a check of these volumes calls.</summary>
    public Action<ulong> Of(VolumeSet volumes)
    {
        ref readonly VolumeHeaderSector header = ref volumes.Header.Fields;
        ulong used = header.AllocatorBytes > header.AllocatorFree ? header.AllocatorBytes - header.AllocatorFree : 1;
        string name = volumes.Volumes[0].Device.Name;
        return read =>
        {
            double share = Math.Min(1, (double)read / used);
            _line.Show($"fsck: {ProgressLine.Bar(share)} {ByteUnits.Format(read, ByteUnit.Iec)} read");
            Write(string.Create(CultureInfo.InvariantCulture, $"1 {(long)(share * 1000)} 1000 {name}\n"));
        };
    }

    /// <summary>Takes the bar away.</summary>
    public void Clear() => _line.Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        _line.Dispose();
        _to?.Dispose();
    }

    private void Write(string line)
    {
        if (_to is null) return;
        try
        {
            _to.Write(System.Text.Encoding.ASCII.GetBytes(line));
            _to.Flush();
        }
        catch (IOException)
        {
            // Whoever watched has gone; the check goes on.
        }
    }
}
