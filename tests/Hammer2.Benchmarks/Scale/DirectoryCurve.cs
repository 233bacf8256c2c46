// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Scale;

/// <summary>One directory with so many files.</summary>
internal static class DirectoryCurve
{
    private const int Drawn = 10_000;
    private const int Seed = 20_261_130;

    public static void Measure(ScaleRun run, long files)
    {
        string image = run.Image("directory.img");
        File.Delete(image);
        _ = ScaleRun.Execute($"{run.Program} newfs -s 8g -L DATA {image}");
        string spec = image + "@DATA";
        run.Mount(spec);
        string directory = Path.Combine(run.MountPoint, "d");
        _ = Directory.CreateDirectory(directory);
        run.Work("create and write", files, () =>
        {
            for (long number = 0; number < files; number++)
                File.WriteAllText(Path.Combine(directory, NameOf(number)), "one line\n");
            run.Commit();
        });
        run.Remount(spec, "mount");
        run.Work("lookup, cold", Drawn, () => ScaleTree.Stat(directory, files, Drawn, Seed, NameOf));
        run.Remount(spec);
        run.Work("list names", files, () =>
        {
            if (ScaleTree.Find(directory) != files) throw new IOException("names are missing");
        });
        run.Remount(spec);
        run.Work("list with attributes", files, () => ScaleTree.StatAll(directory));
        run.Remount(spec);
        run.Work("delete", files, () =>
        {
            for (long number = 0; number < files; number++) File.Delete(Path.Combine(directory, NameOf(number)));
            run.Commit();
        });
        run.Unmount();
        run.Command("fsck after that", files, $"fsck {image}");
    }

    private static string NameOf(long number) => Invariant($"file{number}");
}
