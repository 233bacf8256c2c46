// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Linq;

namespace Hammer2.Benchmarks.Scale;

/// <summary>The same work on clusters of so many nodes.</summary>
internal static class NodesCurve
{
    private const int Made = 20_000;
    private const int Changed = 5000;
    private const int Syncs = 1000;
    private const int Megabytes = 256;

    public static void Measure(ScaleRun run, long nodes)
    {
        string[] images = [.. Enumerable.Range(0, (int)nodes).Select(node => run.Image($"n{node}.img"))];
        foreach (string image in images) File.Delete(image);
        string label = nodes > 1 ? "--cluster DATA" : "-L DATA";
        _ = ScaleRun.Execute($"{run.Program} newfs -s 16g {label} {string.Join(' ', images)}");
        string specs = string.Join(' ', images.Select(image => image + "@DATA"));
        run.Mount(specs, "mount, empty");
        string root = run.MountPoint;
        run.Work("create and write", Made, () =>
        {
            ScaleTree.Make(root, 0, Made);
            run.Commit();
        });
        for (int file = 0; file < Changed; file++)
            File.SetLastWriteTimeUtc(Path.Combine(root, ScaleTree.FileAt(file)), DateTime.UnixEpoch);
        run.Work("commit of 5,000 changed files", Changed, run.Commit);
        run.Work("write, MiB", Megabytes, () => Write(Path.Combine(root, "stream")));
        run.Work("fsync of an append", Syncs, () => ScaleTree.AppendAndSync(Path.Combine(root, "log"), Syncs));
        run.Work("delete", Made, () =>
        {
            ScaleTree.Remove(root, 0, Made);
            run.Commit();
        });
        run.Remount(specs, "mount");
    }

    private static void Write(string path)
    {
        byte[] chunk = new byte[1 << 20];
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1);
        var random = new Random(5);
        random.NextBytes(chunk);
        for (int i = 0; i < Megabytes; i++)
        {
            // Nothing is like another block, and none can be compressed.
            for (int at = 0; at < chunk.Length; at += 4096) chunk[at] = (byte)i;
            file.Write(chunk);
        }
        file.Flush(flushToDisk: true);
    }
}
