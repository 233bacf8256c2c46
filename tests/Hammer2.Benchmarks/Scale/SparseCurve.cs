// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Hammer2.Benchmarks.Scale;

/// <summary>A sparse file of so many GiB on a sparse volume of 4 TiB.</summary>
internal static class SparseCurve
{
    private const int Writes = 20_000;
    private const int Syncs = 500;

    public static void Measure(ScaleRun run, long gibiBytes)
    {
        string image = run.Image("sparse.img");
        File.Delete(image);
        _ = ScaleRun.Execute($"{run.Program} newfs -s 4t -L DATA {image}");
        string spec = image + "@DATA";
        run.Mount(spec);
        string path = Path.Combine(run.MountPoint, "sparse");
        long bytes = gibiBytes << 30;
        run.Work("random write of 4 KiB", Writes, () =>
        {
            WriteAtRandom(path, bytes, Writes, 1, syncs: false);
            run.Commit();
        });
        run.Work("random write of 4 KiB and fsync", Syncs, () => WriteAtRandom(path, bytes, Syncs, 2, syncs: true));
        run.Work("random write over 4 KiB", Writes, () =>
        {
            WriteAtRandom(path, bytes, Writes, 1, syncs: false);
            run.Commit();
        });
        run.Remount(spec, "mount");
        run.Command("bulkfree", Writes, $"bulkfree {run.MountPoint}");
        run.Command("usage", Writes, $"usage {run.MountPoint}");
        run.Unmount();
        run.Command("fsck", Writes, $"fsck {image}");
        run.Mount(spec);
        run.Work("delete", 1, () =>
        {
            File.Delete(path);
            run.Commit();
        });
    }

    private static void WriteAtRandom(string path, long bytes, int count, int seed, bool syncs)
    {
        var random = new Random(seed);
        byte[] page = new byte[4096];
        using SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        if (RandomAccess.GetLength(file) != bytes) RandomAccess.SetLength(file, bytes);
        for (int i = 0; i < count; i++)
        {
            random.NextBytes(page);
            RandomAccess.Write(file, page, random.NextInt64(bytes / page.Length) * page.Length);
            if (syncs) RandomAccess.FlushToDisk(file);
        }
        RandomAccess.FlushToDisk(file);
    }
}
