// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Hammer2.Benchmarks.Mount;

namespace Hammer2.Benchmarks.Scale;

/// <summary><c>scale</c>: what the native program takes over growing sizes, as lines of data files; <c>scale-plots</c>
/// draws them.</summary>
internal static class ScaleCommand
{
    private const string Usage = """
        usage: scale --program FILE [options]      (root; see docs/SCALE.md)
          --program FILE      the native program (out/hammer2)
          --scratch DIR       where images and trees are made (default /dev/shm/hammer2-scale)
          --data DIR          where lines are appended (default docs/scale)
          --curve A,B         curves: files, resync, directory, sparse, snapshots, nodes (default all)
          --size N,M          sizes to measure in place of those of the curve
          --runs N            rounds (default 1)
          --keep 1            leave images and trees, and use the image of the curve "files" that is there
        """;

    private static readonly string[] s_options =
        ["program", "scratch", "data", "curve", "size", "runs", "keep"];

    private static readonly (string Name, long[] Sizes, Action<ScaleRun, long> Measure)[] s_curves =
    [
        ("files", [10_000, 100_000, 1_000_000], FilesCurve.Measure),
        ("resync", [10_000, 100_000, 1_000_000], ResyncCurve.Measure),
        ("directory", [1_000, 10_000, 100_000, 1_000_000], DirectoryCurve.Measure),
        ("sparse", [1, 16, 256, 1024], SparseCurve.Measure),
        ("snapshots", [1, 10, 100], SnapshotsCurve.Measure),
        ("nodes", [1, 2, 3, 5, 8], NodesCurve.Measure),
    ];

    /// <summary>Runs <c>scale</c>; answers the exit code: 2 when it was not understood.</summary>
    internal static int Run(ReadOnlySpan<string> arguments, TextWriter output, TextWriter errors) =>
        CommandArguments.Run(arguments, s_options, Usage, errors, line =>
        {
            MeasureAll(line, output);
            return 0;
        });

    /// <summary>Runs <c>scale-plots DIR</c>: draws each data file of a directory beside it.</summary>
    internal static int Draw(string directory, TextWriter output)
    {
        foreach (string file in Directory.GetFiles(directory, "*.tsv"))
        {
            var table = ScaleTable.Read(file);
            File.WriteAllText(Path.ChangeExtension(file, ".svg"), ScalePage.Draw(table));
            output.Write(table.Markdown());
        }
        return 0;
    }

    private static void MeasureAll(CommandArguments line, TextWriter output)
    {
        string program = Path.GetFullPath(line.Text("program") ?? throw new UsageException("give --program"));
        string scratch = Path.GetFullPath(line.Text("scratch") ?? "/dev/shm/hammer2-scale");
        string data = Path.GetFullPath(line.Text("data") ?? "docs/scale");
        _ = Directory.CreateDirectory(scratch);
        _ = Directory.CreateDirectory(data);
        List<string> chosen = line.Names("curve");
        List<long> sizes = line.Names("size")
            .ConvertAll(text => (long)double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));
        bool keeps = line.Text("keep") is not null;
        for (int round = 0; round < (int)line.Number("runs", 1, 1, 100); round++)
        {
            foreach ((string name, long[] usual, Action<ScaleRun, long> measure) in s_curves)
            {
                if (chosen.Count > 0 && !chosen.Contains(name)) continue;
                foreach (long size in sizes.Count > 0 ? [.. sizes] : usual)
                {
                    using var run = new ScaleRun(
                        program, scratch, Path.Combine(data, name + ".tsv"), size, keeps, output);
                    measure(run, size);
                }
            }
        }
        if (!keeps) ScaleTree.Delete(scratch);
    }
}
