// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Scale;

/// <summary>Two nodes of so many files, one of which was away while 1,000 of them changed.</summary>
internal static class ResyncCurve
{
    private const int Changes = 1000;

    public static void Measure(ScaleRun run, long files)
    {
        string[] images = [run.Image("node0.img"), run.Image("node1.img"), run.Image("node2.img")];
        string source = ScaleTree.Source(Path.Combine(run.Scratch, "tree"), files);
        foreach (string image in images) File.Delete(image);
        run.Command("populate three nodes", files,
            $"newfs -s 64g --cluster DATA {string.Join(' ', images)} --populate {source}");
        string all = $"{images[0]}@DATA {images[1]}@DATA {images[2]}@DATA";
        run.Mount($"{images[0]}@DATA {images[1]}@DATA");
        var random = new Random(3);
        for (int i = 0; i < Changes; i++)
        {
            string path = Path.Combine(run.MountPoint, ScaleTree.FileAt(random.NextInt64(files)));
            File.AppendAllText(path, Invariant($"change {i}\n"));
        }
        run.Unmount();
        run.Mount(all, "mount and resynchronization", () => IsLevel(run));
    }

    private static bool IsLevel(ScaleRun run)
    {
        string list = ScaleRun.Execute($"{run.Program} cluster list {run.MountPoint}");
        int synced = list.Split("Synced", StringSplitOptions.None).Length - 1;
        return synced >= 3;
    }
}
