// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Scale;

/// <summary>100,000 files with so many snapshots, between which ten files change.</summary>
internal static class SnapshotsCurve
{
    private const long Files = 100_000;

    public static void Measure(ScaleRun run, long snapshots)
    {
        string image = run.Image("snapshots.img");
        string source = ScaleTree.Source(Path.Combine(run.Scratch, "tree"), Files);
        File.Delete(image);
        _ = ScaleRun.Execute($"{run.Program} newfs -s 64g -L DATA {image} --populate {source}");
        string spec = image + "@DATA";
        run.Mount(spec);
        string root = run.MountPoint;
        for (int number = 1; number < snapshots; number++)
        {
            ScaleTree.Change(root, number);
            _ = ScaleRun.Execute($"{run.Program} snapshot {root} s{number}");
        }
        ScaleTree.Change(root, (int)snapshots);
        run.Command("snapshot", 1, Invariant($"snapshot {root} s{snapshots}"));
        run.Command("pfs-list", snapshots, $"pfs-list {root}");
        run.Command("bulkfree", Files, $"bulkfree {root}");
        run.Command("usage", Files, $"usage {root}");
        ScaleTree.Change(root, (int)snapshots + 1);
        run.Commit();
        run.Command("diff, 10 changes", 1, Invariant($"diff {root}@s{snapshots} {root}"));
        run.Command("pfs-delete", 1, $"pfs-delete {root} s1");
        run.Remount(spec, "mount");
        run.Unmount();
        run.Command("fsck", Files, $"fsck {image}");
    }
}
