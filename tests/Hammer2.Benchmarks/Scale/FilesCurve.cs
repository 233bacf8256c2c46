// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Scale;

/// <summary>Everything that is done with a filesystem of so many small files.</summary>
internal static class FilesCurve
{
    private const int Drawn = 10_000;
    private const int Made = 20_000;
    private const int Syncs = 1000;
    private const long StatedMax = 1_000_000;
    private const int Seed = 20_261_130;

    public static void Measure(ScaleRun run, long files)
    {
        string image = run.Image("files.img");
        if (!run.Keeps || !File.Exists(image))
        {
            string source = ScaleTree.Source(Path.Combine(run.Scratch, "tree"), files);
            File.Delete(image);
            run.Command("populate", files, $"newfs -s 64g -L DATA {image} --populate {source}");
        }
        Media(run, image, files, "");
        string spec = image + "@DATA";
        run.Mount(spec, "mount");
        string root = run.MountPoint;
        run.Work("lookup, cold", Drawn, () => ScaleTree.Stat(root, files, Drawn, Seed, ScaleTree.FileAt));
        _ = ScaleRun.Execute("echo 2 >/proc/sys/vm/drop_caches");
        run.Work("lookup, daemon warm", Drawn, () => ScaleTree.Stat(root, files, Drawn, Seed, ScaleTree.FileAt));
        run.Remount(spec);
        run.Work("find", files, () => Expect(ScaleTree.Find(root) > files));
        // The kernel keeps 1 KiB and more for each.
        if (files <= StatedMax)
        {
            run.Remount(spec);
            run.Work("attributes of everything", files, () => Expect(ScaleTree.StatAll(root) > files));
        }
        run.Remount(spec);
        run.Work("listing of 1,000 names", 100, () => List(root, files));
        string appended = Path.Combine(root, ScaleTree.FileAt(8));
        run.Work("fsync of an append", Syncs, () => ScaleTree.AppendAndSync(appended, Syncs));
        string more = Path.Combine(root, "more");
        run.Work("create", Made, () =>
        {
            ScaleTree.Make(more, 0, Made);
            run.Commit();
        });
        run.Work("delete", Made, () =>
        {
            ScaleTree.Remove(more, 0, Made);
            run.Commit();
        });
        run.Work("delete old files", Drawn, () =>
        {
            ScaleTree.Remove(root, files - Drawn + 1000, Drawn - 1000);
            run.Commit();
        });
        run.Command("snapshot", 1, $"snapshot {root} before");
        ScaleTree.Change(root, 1);
        run.Commit();
        run.Command("diff, 10 changes", 1, $"diff {root}@before {root}");
        run.Command("bulkfree", files, $"bulkfree {root}");
        run.Command("usage, one snapshot", files, $"usage {root}");
        run.Unmount();
        Media(run, image, files, ", one snapshot");
    }

    private static void Media(ScaleRun run, string image, long files, string state)
    {
        run.Command("fsck" + state, files, $"fsck {image}");
        if (state.Length == 0) run.Command("bulkfree, not mounted", files, $"bulkfree {image}");
    }

    private static void List(string root, long files)
    {
        for (long number = 0; number < 100; number++)
        {
            string directory = Path.GetDirectoryName(ScaleTree.FileAt(number * (files / 100)))!;
            Expect(Directory.GetFileSystemEntries(Path.Combine(root, directory)).Length >= 500);
        }
    }

    private static void Expect(bool holds)
    {
        if (!holds) throw new IOException(Invariant($"names are missing"));
    }
}
