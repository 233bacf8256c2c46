// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using Hammer2.Benchmarks.Mount;
using Hammer2.Benchmarks.Write;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Latency;

/// <summary><c>latency</c>: what single calls take on fresh filesystems, alone and beside others, and how much memory
/// the daemon needs.</summary>
internal static class LatencyCommand
{
    private const string Usage = """
        usage: latency --program FILE [options]    (root; needs losetup and the tools of the peers that are chosen)
          --program FILE      the program (out/hammer2)
          --scratch DIR       where images are made (default /dev/shm/hammer2-latency)
          --seconds N         how long each row runs (default 5)
          --creates N         files of the last row (default 100000; 0 for none)
          --gib N             size of each device in GiB (default 8)
          --contender A,B     contenders: hammer2, hammer2-nowb, hammer2-3 (default those), btrfs, ntfs-3g, fuse2fs
          --only TEXT         only rows whose loads have this in their name (fsync, stream ...)
          --runs N            rounds (default 1); contenders alternate within a round
          --markdown FILE     where to write the table besides the screen
        """;

    private static readonly string[] s_options =
        ["program", "scratch", "seconds", "creates", "gib", "contender", "only", "runs", "markdown"];

    private static readonly string[] s_contenders = ["hammer2", "hammer2-nowb", "hammer2-3"];

    private static readonly (string Name, LatencyLoad[] Loads)[] s_rows =
    [
        ("alone", [LatencyLoads.Open]),
        ("alone", [LatencyLoads.Create]),
        ("alone", [LatencyLoads.Stream]),
        ("beside a stream", [LatencyLoads.Open, LatencyLoads.Stream]),
        ("beside a stream", [LatencyLoads.Create, LatencyLoads.Stream]),
        ("alone", [LatencyLoads.Sync]),
        ("beside 64 MiB + fsync", [LatencyLoads.Sync, LatencyLoads.BigSync]),
        ("mixed", [LatencyLoads.Open, LatencyLoads.Create, LatencyLoads.Random, LatencyLoads.Stream]),
    ];

    /// <summary>Runs the command; answers the exit code: 2 when it was not understood.</summary>
    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output, TextWriter errors) =>
        CommandArguments.Run(arguments, s_options, Usage, errors, line =>
        {
            Compare(line, output);
            return 0;
        });

    private static void Compare(CommandArguments line, TextWriter output)
    {
        string program = Path.GetFullPath(line.Text("program") ?? throw new UsageException("give --program"));
        string scratch = line.Text("scratch") ?? "/dev/shm/hammer2-latency";
        _ = Directory.CreateDirectory(scratch);
        List<string> chosen = line.Names("contender");
        if (chosen.Count == 0) chosen = [.. s_contenders];
        List<WriteContender> contenders = WriteContender.All(program);
        contenders.RemoveAll(contender => !chosen.Contains(contender.Name));
        TimeSpan duration = TimeSpan.FromSeconds(line.Number("seconds", 5, 0.1, 3600));
        int creates = (int)line.Number("creates", 100_000, 0, 10_000_000);
        long bytes = (long)line.Number("gib", 8, 1, 1 << 20) << 30;
        string only = line.Text("only") ?? "";
        (string Name, LatencyLoad[] Loads)[] rows = Array.FindAll(
            s_rows, row => Array.Exists(row.Loads, load => load.Name.Contains(only, StringComparison.Ordinal)));
        var table = new StringBuilder("| load | contender | run | rate | p50 ms | p99 ms | max ms | peak MiB |\n");
        _ = table.Append("|---|---|---|---|---|---|---|---|\n");
        for (int run = 1; run <= (int)line.Number("runs", 1, 1, 100); run++)
        {
            foreach (WriteContender contender in contenders)
                RunOne(contender, scratch, bytes, duration, creates, run, rows, table, output);
        }
        Directory.Delete(scratch, recursive: true);
        string text = $"{Machine.Describe()}\n\n{table}";
        output.Write(text);
        if (line.Text("markdown") is { } file) File.WriteAllText(file, text);
    }

    private static void RunOne(WriteContender contender, string scratch, long bytes, TimeSpan duration, int creates,
        int run, (string Name, LatencyLoad[] Loads)[] rows, StringBuilder table, TextWriter output)
    {
        using var target = new WriteTarget(contender, scratch, bytes);
        target.Mount();
        LatencyLoads.Prepare(target.MountPoint);
        void Add(string name, IEnumerable<LatencyResult> results)
        {
            _ = ProcessRecord.TryRead(target.DaemonId, out ProcessRecord record);
            foreach (LatencyResult result in results)
            {
                string unit = result.Load.Bytes == 0 ? "/s" : " MB/s";
                string row = string.Create(CultureInfo.InvariantCulture,
                    $"| {result.Load.Name} {name} | {contender.Name} | {run} | {result.Rate:f0}{unit} | ")
                    + Invariant($"{result.Calls.Percentile(0.5):f3} | {result.Calls.Percentile(0.99):f2} | ")
                    + Invariant($"{result.Calls.MaxMilliseconds:f1} | {record.PeakMiB:f0} |");
                output.WriteLine(row);
                _ = table.Append(row).Append('\n');
            }
        }
        foreach ((string name, LatencyLoad[] loads) in rows)
            Add(name, LatencyLoads.Run(target.MountPoint, duration, loads));
        if (creates > 0) Add("", [LatencyLoads.CreateMany(target.MountPoint, creates)]);
    }
}
