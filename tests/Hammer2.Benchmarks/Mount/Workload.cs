// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Hammer2.Benchmarks.Mount;

/// <summary>
/// The result of a workload: the figure, and a witness (bytes or lines returned) that must be the same for every
/// contender, so that a wrong result does not count.
/// </summary>
internal readonly record struct Outcome(double Figure, long Witness, double Median50 = 0, double Tail99 = 0);

/// <summary>One row of the comparison.</summary>
/// <param name="Name">Short name, for --only and in the JSON output.</param>
/// <param name="Title">What a reader of the table sees.</param>
/// <param name="Unit">MB/s and IOPS: more is better; s and ms: less is better.</param>
/// <param name="Run">Runs it; takes the root of the mounted tree and the number of the round.</param>
internal sealed record Workload(string Name, string Title, string Unit, Func<string, int, Outcome> Run)
{
    private const int RandomReads = 12_288;

    /// <summary>True when the larger figure wins.</summary>
    internal bool IsRate => Unit is "MB/s" or "IOPS";

    /// <summary>All rows, in the order of the table.</summary>
    internal static IReadOnlyList<Workload> All { get; } =
    [
        new("seq-raw", "sequential read, incompressible", "MB/s",
            (root, _) => Sequential(root, "big/inc.bin")),
        new("seq-lz4", "sequential read, LZ4", "MB/s", (root, _) => Sequential(root, "big/lz4.bin")),
        new("par4-raw", "4 parallel readers, incompressible", "MB/s",
            (root, _) => Sequential(root, "big/p0", "big/p1", "big/p2", "big/p3")),
        new("par4-lz4", "4 parallel readers, LZ4", "MB/s",
            (root, _) => Sequential(root, "big/z0", "big/z1", "big/z2", "big/z3")),
        new("rand1-raw", "random 4 KiB, 1 job, incompressible", "IOPS",
            (root, round) => FileReaders.Random($"{root}/big/inc.bin", 1, RandomReads, round)),
        new("rand4-raw", "random 4 KiB, 4 jobs, incompressible", "IOPS",
            (root, round) => FileReaders.Random($"{root}/big/inc.bin", 4, RandomReads / 2, round)),
        new("rand1-lz4", "random 4 KiB, 1 job, LZ4", "IOPS",
            (root, round) => FileReaders.Random($"{root}/big/lz4.bin", 1, RandomReads, round)),
        new("rand4-lz4", "random 4 KiB, 4 jobs, LZ4", "IOPS",
            (root, round) => FileReaders.Random($"{root}/big/lz4.bin", 4, RandomReads / 2, round)),
        new("find", "find over the tiny files", "s",
            (root, _) => Command($"{root}/t50k", "find . | wc -l")),
        new("ls-lR", "ls -lR of the tiny files", "s",
            (root, _) => Command($"{root}/t50k", "ls -lR | grep -c ^-")),
        // Some servers list no "." and "..", which the kernel does not need: only entries count.
        new("ls-f", "ls -f of the wide directory", "s",
            (root, _) => Command($"{root}/d20k", "ls -f | grep -c entry")),
        new("ls-l", "ls -l of the wide directory", "s",
            (root, _) => Command($"{root}/d20k", "ls -l | wc -l")),
        // GNU tar reads no file data when it sees that its output is /dev/null, hence the pipe.
        new("tar", "tar of small files", "s",
            (root, _) => Command($"{root}/s20k", "tar cf - . | wc -c")),
        new(Comparison.MountRow, "mount to first stat", "ms", (_, _) => default),
    ];

    private static Outcome Sequential(string root, params string[] names)
        => FileReaders.Sequential(Array.ConvertAll(names, name => Path.Combine(root, name)));

    // The commands themselves and their libraries are read from disk once more after caches were dropped, unless the
    // server happens to have used the same ones: not what is measured, so they run in an empty directory first.
    private static Outcome Command(string directory, string command)
    {
        string empty = Directory.CreateTempSubdirectory("hammer2-bench-").FullName;
        _ = Shell.Run(command, empty, TimeSpan.FromMinutes(1));
        Directory.Delete(empty);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        ShellResult result = Shell.Run(command, directory, TimeSpan.FromMinutes(10));
        double seconds = clock.Elapsed.TotalSeconds;
        if (result.ExitCode != 0 || result.Errors.Length > 0)
        {
            throw new IOException($"'{command}' ended with {result.ExitCode}: {result.Errors.Trim()}");
        }
        return new Outcome(seconds, long.Parse(result.Output, CultureInfo.InvariantCulture));
    }
}
