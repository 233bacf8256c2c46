// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using Hammer2.Devices;

namespace Hammer2.Testing;

/// <summary>
/// The images in images/, made by upstream's own code: unpacks each once, sparse, below out/golden.
/// </summary>
public static class GoldenImage
{
    private const string Suffix = ".img.zst";
    private static readonly FileBlockDeviceOptions ReadUnlocked = new(IsReadOnly: true, TakesLock: false);
    private static readonly ConcurrentDictionary<string, Lazy<string>> Unpacked = new();

    /// <summary>Names of all image files without their suffix, sorted; volumes and nodes are separate files.</summary>
    public static IReadOnlyList<string> FileNames { get; } = ListFiles();

    /// <summary>
    /// All listings, as the name of the image (or node) and the label of the PFS, sorted.
    /// </summary>
    public static IReadOnlyList<(string Image, string Label)> Manifests { get; } = ListManifests();

    /// <summary>Path of an unpacked image, which must not be written: use <see cref="OpenOverlay"/> for that.</summary>
    public static string Path(string name)
        => Unpacked.GetOrAdd(name, static key => new Lazy<string>(() => Unpack(key))).Value;

    /// <summary>Paths of the files that make up an image: itself, or its volumes in order.</summary>
    public static IReadOnlyList<string> Paths(string name)
    {
        if (File.Exists(RepositoryRoot.Below("images", name + Suffix)))
            return [Path(name)];
        var paths = new List<string>();
        string volume;
        while (File.Exists(RepositoryRoot.Below("images", (volume = VolumeName(name, paths.Count)) + Suffix)))
            paths.Add(Path(volume));
        return paths.Count > 0 ? paths : throw new FileNotFoundException($"images/ has no {name}");
    }

    /// <summary>Names of the nodes of a cluster image, in order.</summary>
    public static IReadOnlyList<string> Nodes(string cluster)
    {
        var nodes = new List<string>();
        string node;
        while (File.Exists(RepositoryRoot.Below("images", (node = NodeName(cluster, nodes.Count)) + Suffix)))
            nodes.Add(node);
        return nodes.Count > 0
            ? nodes
            : throw new FileNotFoundException($"images/ has no nodes of {cluster}");
    }

    /// <summary>Opens an image file read-only, not locked, so that many tests share it.</summary>
    public static FileBlockDevice Open(string name)
        => FileBlockDevice.Open(Path(name), ReadUnlocked);

    /// <summary>Opens an image file with changes kept in memory.</summary>
    public static OverlayBlockDevice OpenOverlay(string name) => new(Open(name), ownsBelow: true, name);

    /// <summary>Opens an image, all its volumes if it has several, read-only.</summary>
    public static VolumeSet OpenVolumes(string name)
    {
        var devices = new List<IBlockDevice>();
        foreach (string path in Paths(name))
            devices.Add(FileBlockDevice.Open(path, ReadUnlocked));
        return VolumeSet.Open(devices);
    }

    private static string VolumeName(string name, int index)
        => string.Create(CultureInfo.InvariantCulture, $"{name}.v{index}");

    private static string NodeName(string name, int index)
        => string.Create(CultureInfo.InvariantCulture, $"{name}.n{index}");

    // Several test processes may unpack one image at once: each writes its own file and renames it, and the result is
    // the same for any order.
    private static string Unpack(string name)
    {
        string packed = RepositoryRoot.Below("images", name + Suffix);
        string directory = RepositoryRoot.Below("out", "golden");
        string target = System.IO.Path.Combine(directory, name + ".img");
        if (!File.Exists(packed))
            throw new FileNotFoundException($"images/ has no {name}", packed);
        _ = Directory.CreateDirectory(directory);
        if (File.Exists(target) && File.GetLastWriteTimeUtc(target) >= File.GetLastWriteTimeUtc(packed))
            return target;
        string temporary = string.Create(
            CultureInfo.InvariantCulture, $"{target}.{Environment.ProcessId}.tmp");
        var start = new ProcessStartInfo("zstd", ["-d", "-q", "-f", "--sparse", packed, "-o", temporary])
        {
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)
            ?? throw new InvalidOperationException("zstd did not start");
        string complaint = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidDataException($"zstd failed on {packed}: {complaint}");
        // zstd copies the time of the packed file, which may be older than that of a checkout.
        File.SetLastWriteTimeUtc(temporary, File.GetLastWriteTimeUtc(packed));
        File.Move(temporary, target, overwrite: true);
        return target;
    }

    private static List<string> ListFiles()
    {
        var names = new List<string>();
        foreach (string path in Directory.GetFiles(RepositoryRoot.Below("images"), "*" + Suffix))
            names.Add(System.IO.Path.GetFileName(path)[..^Suffix.Length]);
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static List<(string Image, string Label)> ListManifests()
    {
        var manifests = new List<(string Image, string Label)>();
        foreach (string path in Directory.GetFiles(RepositoryRoot.Below("images"), "*@*.tsv"))
        {
            string name = System.IO.Path.GetFileName(path);
            if (name.EndsWith(".ext.tsv", StringComparison.Ordinal))
                continue;
            int at = name.IndexOf('@', StringComparison.Ordinal);
            manifests.Add((name[..at], name[(at + 1)..^".tsv".Length]));
        }
        manifests.Sort(static (left, right) => string.CompareOrdinal(
            $"{left.Image}@{left.Label}", $"{right.Image}@{right.Label}"));
        return manifests;
    }
}
