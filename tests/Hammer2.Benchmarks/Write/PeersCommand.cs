// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using Hammer2.Benchmarks.Mount;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Write;

/// <summary><c>peers</c>: makes each filesystem afresh on loop devices, writes to it, and prints the
/// medians.</summary>
internal static class PeersCommand
{
    private const string Usage = """
        usage: peers --program FILE [options]      (root; needs mke2fs, fuse2fs, mkntfs, ntfs-3g, mkfs.btrfs, losetup)
          --program FILE      the program (out/hammer2)
          --scratch DIR       where images are made (default /dev/shm/hammer2-write)
          --megabytes N       bytes of a sequential row in MiB (default 256)
          --files N           files of the rows of small files (default 2000)
          --contender A,B     contenders to run: hammer2, hammer2-nowb, hammer2-3, btrfs, btrfs-zstd1, ntfs-3g, fuse2fs
          --runs N            rounds (default 3); contenders alternate within a round
          --json FILE, --markdown FILE   where to write results besides the screen
        """;

    private static readonly string[] s_options =
        ["program", "scratch", "megabytes", "files", "contender", "runs", "json", "markdown"];

    /// <summary>Runs the command; answers the exit code: 1 when a run failed, 2 when it was not
    /// understood.</summary>
    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output, TextWriter errors) =>
        CommandArguments.Run(arguments, s_options, Usage, errors, line => Compare(line, output));

    private static int Compare(CommandArguments line, TextWriter output)
    {
        string program = Path.GetFullPath(line.Text("program") ?? throw new UsageException("give --program"));
        string scratch = line.Text("scratch") ?? "/dev/shm/hammer2-write";
        Directory.CreateDirectory(scratch);
        var workloads = new WriteWorkloads(
            (int)line.Number("megabytes", 256, 1, 4096), (int)line.Number("files", 2000, 10, 100_000), scratch);
        List<WriteContender> contenders = WriteContender.All(program);
        List<string> chosen = line.Names("contender");
        if (chosen.Count > 0) contenders.RemoveAll(contender => !chosen.Contains(contender.Name));
        var comparison = new Comparison(
            contenders.ConvertAll(one => new Contender(one.Name, "", "", "", one.Process)), workloads.All);
        int runs = (int)line.Number("runs", 3, 1, 100);
        bool failed = false;
        for (int round = 0; round < runs; round++)
        {
            for (int i = 0; i < contenders.Count; i++)
            {
                WriteContender contender = contenders[round % 2 == 0 ? i : contenders.Count - 1 - i];
                failed |= !RunOne(comparison, contender, workloads, scratch, round, output);
            }
        }
        Directory.Delete(scratch, recursive: true);
        Report(comparison, line, runs, output);
        return failed ? 1 : 0;
    }

    private static void Report(Comparison comparison, CommandArguments line, int runs, TextWriter output)
    {
        string machine = Machine.Describe();
        string method = string.Create(CultureInfo.InvariantCulture,
            $"medians of {runs} alternating runs on fresh filesystems on loop devices over tmpfs");
        string markdown = ComparisonWriter.Markdown(comparison, machine, method);
        output.Write("\n" + markdown);
        if (line.Text("markdown") is { } markdownFile) File.WriteAllText(markdownFile, markdown);
        if (line.Text("json") is not { } jsonFile) return;
        using FileStream file = File.Create(jsonFile);
        ComparisonWriter.Json(comparison, machine, method, file);
    }

    private static bool RunOne(Comparison comparison, WriteContender contender, WriteWorkloads workloads,
        string scratch, int round, TextWriter output)
    {
        string current = "make";
        try
        {
            using var target = new WriteTarget(contender, scratch);
            target.Mount();
            foreach (Workload workload in workloads.All)
            {
                current = workload.Name;
                Measurement run = Measure(target, contender, workload, round, out double writtenMiB);
                string? error = comparison.Add(run);
                string figure = ComparisonWriter.Digits(run.Outcome.Figure);
                output.WriteLine(Invariant($"{round + 1} {contender.Name,-12} {workload.Name,-9} ")
                    + Invariant($"{figure,8} {workload.Unit,-5} cpu {run.DaemonCpuSeconds:f2} s ")
                    + Invariant($"peak {run.DaemonPeakMiB:f0} MiB written {writtenMiB:f0} MiB {error}"));
            }
            current = "verify";
            target.Unmount();
            target.Mount();
            workloads.Verify(target.MountPoint);
            return true;
        }
        catch (IOException problem)
        {
            output.WriteLine($"{round + 1} {contender.Name} {current}: {problem.Message}");
            comparison.Add(new Measurement(contender.Name, current, round, default, 0, 0, 0, problem.Message));
            return false;
        }
    }

    private static Measurement Measure(WriteTarget target, WriteContender contender, Workload workload,
        int round, out double writtenMiB)
    {
        _ = ProcessRecord.TryRead(target.DaemonId, out ProcessRecord before); // zeros without a daemon
        long writtenBefore = target.WrittenBytes();
        double ownBefore = ProcessRecord.OwnCpuSeconds();
        double busyBefore = Machine.BusySeconds();
        var clock = Stopwatch.StartNew();
        Outcome outcome = workload.Run(target.MountPoint, round);
        double capacity = clock.Elapsed.TotalSeconds * Environment.ProcessorCount;
        writtenMiB = (target.WrittenBytes() - writtenBefore) / 1048576.0;
        if (!ProcessRecord.TryRead(target.DaemonId, out ProcessRecord after) && target.DaemonId != 0)
            throw new IOException("the daemon died");
        double daemon = after.CpuSeconds - before.CpuSeconds;
        double busy = Machine.BusySeconds() - busyBefore - (ProcessRecord.OwnCpuSeconds() - ownBefore);
        double foreign = Math.Clamp((busy - daemon) / capacity, 0, 1);
        return new Measurement(
            contender.Name, workload.Name, round, outcome, daemon, after.PeakMiB, foreign, null);
    }
}
