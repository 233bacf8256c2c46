// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using System.IO;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Mount;

/// <summary>
/// <c>mount</c>: mounts each contender cold, runs the workloads in turns, and prints the medians.
/// </summary>
internal static class MountCommand
{
    private const string Usage = """
        usage: mount --image FILE [options]      (root; all images must hold the tree that 'data' makes)
          --image FILE        HAMMER2 image for the contender 'hammer2'
          --label NAME        PFS label in it (default DATA)
          --program FILE      the program (default out/hammer2 of this clone)
          --squashfs FILE     image for squashfuse_ll; made from --data if it does not exist
          --data DIR          the tree; made first if absent ('data --help' tells of --scale, --seed)
          --kernel-squashfs   yes: squashfs inside the kernel takes part as well
          --contenders FILE   more contenders: {"name": {"image", "mount", "unmount", "process"}}
          --only A,B          workloads to run; --contender A,B: contenders to run
          --runs N            rounds, 1 to 100 (default 5); contenders alternate within a round
          --copy-to DIR       copies the images there first, e.g. /dev/shm to leave the disk out
          --mount-point DIR   (default: below the temporary directory)
          --quiet SECONDS     waits at most so long for a quiet machine before each run (default 10)
          --json FILE, --markdown FILE   where to write results besides the screen
        The last contender is the one that ratios refer to.
        """;

    private static readonly string[] s_options =
    [
        "image", "label", "program", "squashfs", "data", "scale", "seed", "kernel-squashfs", "contenders",
        "only", "contender", "runs", "copy-to", "mount-point", "quiet", "json", "markdown",
    ];

    /// <summary>
    /// Runs the command; answers the exit code: 1 when a run failed, 2 when it was not understood.
    /// </summary>
    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output, TextWriter errors)
    {
        try
        {
            return CommandArguments.Run(arguments, s_options, Usage, errors, line => line.Words.Count == 0
                ? Compare(line, output) : throw new UsageException($"unexpected '{line.Words[0]}'"));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(problem.Message);
            return 1;
        }
    }

    private static int Compare(CommandArguments line, TextWriter output)
    {
        List<Contender> contenders = ContendersOf(line, output);
        List<Workload> workloads = WorkloadsOf(line);
        int runs = (int)line.Number("runs", 5, 1, 100);
        var quiet = TimeSpan.FromSeconds(line.Number("quiet", 10, 0, 3600));
        string mountPoint = Path.GetFullPath(line.Text("mount-point")
            ?? Path.Combine(Path.GetTempPath(), $"hammer2-bench-{Environment.ProcessId}"));
        string? copies = line.Text("copy-to");
        Dictionary<string, string> images = [];
        var comparison = new Comparison(contenders, workloads);
        bool failed = false;
        try
        {
            foreach (Contender contender in contenders)
            {
                images[contender.Name] = copies is null ? contender.Image : CopyOf(contender.Image, copies);
            }
            for (int round = 0; round < runs; round++)
            {
                failed |= !RunRound(comparison, images, mountPoint, round, quiet, output);
            }
        }
        finally
        {
            if (copies is not null)
            {
                foreach (string copy in images.Values) File.Delete(copy);
            }
        }
        string method = string.Create(CultureInfo.InvariantCulture,
            $"medians of {runs} alternating runs, caches dropped and remounted before each, images on ")
            + Place(copies);
        Report(comparison, line, method, output);
        return failed ? 1 : 0;
    }

    private static string Place(string? copies)
    {
        if (copies is null) return "disk";
        return copies.StartsWith("/dev/shm", StringComparison.Ordinal) ? "tmpfs" : copies;
    }

    /// <summary>
    /// Every workload once on every contender; the order of contenders turns round each time.
    /// </summary>
    private static bool RunRound(Comparison comparison, Dictionary<string, string> images, string mountPoint,
        int round, TimeSpan quiet, TextWriter output)
    {
        bool isGood = true;
        foreach (Workload workload in comparison.Workloads)
        {
            for (int i = 0; i < comparison.Contenders.Count; i++)
            {
                int index = round % 2 == 0 ? i : comparison.Contenders.Count - 1 - i;
                Contender contender = comparison.Contenders[index];
                _ = Machine.WaitQuiet(quiet); // what others use during the run is noted with the run
                Measurement run = Measurement.Take(contender, images[contender.Name], mountPoint, workload,
                    round);
                string? error = comparison.Add(run);
                isGood &= error is null;
                string figure = ComparisonWriter.Digits(run.Outcome.Figure);
                string line = error ?? Invariant($"{figure,8} {workload.Unit,-5} ")
                    + Invariant($"cpu {run.DaemonCpuSeconds:f2} s peak {run.DaemonPeakMiB:f0} MiB ")
                    + Invariant($"others {run.ForeignShare:p0}");
                output.WriteLine(Invariant($"{round + 1} {contender.Name,-16} {workload.Name,-10} ") + line);
            }
        }
        return isGood;
    }

    private static void Report(Comparison comparison, CommandArguments line, string method, TextWriter output)
    {
        string machine = Machine.Describe();
        string markdown = ComparisonWriter.Markdown(comparison, machine, method);
        output.WriteLine();
        output.Write(markdown);
        if (line.Text("markdown") is { } markdownFile) File.WriteAllText(markdownFile, markdown);
        if (line.Text("json") is not { } jsonFile) return;
        using FileStream file = File.Create(jsonFile);
        ComparisonWriter.Json(comparison, machine, method, file);
    }

    private static List<Contender> ContendersOf(CommandArguments line, TextWriter output)
    {
        List<Contender> contenders = [];
        if (line.Text("image") is { } image)
        {
            contenders.Add(Contender.Hammer2(ProgramOf(line), Existing(image), line.Text("label") ?? "DATA"));
        }
        if (line.Text("contenders") is { } file)
        {
            foreach (Contender contender in Contender.FromFile(Existing(file)))
            {
                contenders.Add(contender with { Image = Existing(contender.Image) });
            }
        }
        if (SquashfsOf(line, output) is { } squashfs)
        {
            if (line.Text("kernel-squashfs") == "yes") contenders.Add(Contender.KernelSquashfs(squashfs));
            contenders.Add(Contender.SquashFuse(squashfs));
        }
        List<string> chosen = line.Names("contender");
        foreach (string name in chosen)
        {
            if (!contenders.Exists(contender => contender.Name == name))
            {
                throw new UsageException($"no contender '{name}'");
            }
        }
        if (chosen.Count > 0) contenders.RemoveAll(contender => !chosen.Contains(contender.Name));
        if (contenders.Count == 0) throw new UsageException("nothing to measure: give --image");
        return contenders;
    }

    private static List<Workload> WorkloadsOf(CommandArguments line)
    {
        List<string> chosen = line.Names("only");
        List<Workload> workloads = [];
        foreach (Workload workload in Workload.All)
        {
            if (chosen.Count == 0 || chosen.Contains(workload.Name)) workloads.Add(workload);
        }
        foreach (string name in chosen)
        {
            if (!workloads.Exists(workload => workload.Name == name))
            {
                throw new UsageException($"no workload '{name}'");
            }
        }
        return workloads;
    }

    private static string? SquashfsOf(CommandArguments line, TextWriter output)
    {
        string? image = line.Text("squashfs");
        string? data = line.Text("data");
        if (data is not null && !Directory.Exists(data))
        {
            var tree = new DataTree(Path.GetFullPath(data), (int)line.Number("seed", 1, 0, 1_000_000),
                line.Number("scale", 1, 0.001, 4));
            tree.Write(output);
        }
        if (image is null && data is not null) image = Path.TrimEndingDirectorySeparator(data) + ".squashfs";
        if (image is null) return null;
        if (!File.Exists(image))
        {
            DataCommand.PackSquashfs(data ?? throw new UsageException($"{image} does not exist: give --data"),
                image, output);
        }
        return Path.GetFullPath(image);
    }

    /// <summary>The program given, or out/hammer2 of the clone this benchmark was built in.</summary>
    private static string ProgramOf(CommandArguments line)
    {
        if (line.Text("program") is { } given) return Existing(given);
        for (string? directory = AppContext.BaseDirectory; directory is not null;
            directory = Path.GetDirectoryName(directory))
        {
            string built = Path.Combine(directory, "out", "hammer2");
            if (File.Exists(built)) return built;
        }
        throw new UsageException("out/hammer2 is not built: run ./build, or give --program");
    }

    private static string Existing(string path)
        => File.Exists(path) ? Path.GetFullPath(path) : throw new UsageException($"{path} does not exist");

    private static string CopyOf(string image, string directory)
    {
        string name = $"hammer2-bench-{Environment.ProcessId}-{Path.GetFileName(image)}";
        string copy = Path.Combine(directory, name);
        ShellResult result = Shell.Run($"cp --sparse=always {Shell.Quote(image)} {Shell.Quote(copy)}", "/",
            TimeSpan.FromMinutes(10));
        return result.ExitCode == 0 ? copy : throw new IOException($"cannot copy {image}: {result.Errors}");
    }
}
