// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Admin;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.Output;
using Linux.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Tool.Mounts;

/// <summary>Finds the filesystem that has a PFS of a given label, among the block devices of this machine and what is
/// mounted.</summary>
/// <param name="SystemDirectory">Where sysfs lists block devices.</param>
/// <param name="DeviceDirectory">Where their nodes are.</param>
/// <param name="Mounted">What is mounted of HAMMER2: paths, separated by colons.</param>
internal sealed record LabelSearch(string SystemDirectory, string DeviceDirectory, IReadOnlyList<string> Mounted)
{
    private const string PartitionFile = "partition";

    /// <summary>The search on this machine.</summary>
    /// <exception cref="IOException">The table of mounts cannot be read.</exception>
    public static LabelSearch OfThisMachine() => new("/sys/block", "/dev",
        [.. MountTableLine.ReadAll().Where(line => line.IsHammer2).Select(line => line.SourceWithoutLabel)]);

    /// <summary>Replaces specifications that are only a label, <c>@LABEL</c>, by those of the filesystem that has it, or of
    /// all nodes of the cluster.</summary>
    /// <exception cref="CommandException">There is no such PFS, or there are several.</exception>
    public static IReadOnlyList<string> Replace(IReadOnlyList<string> specs) => specs.Any(IsLabel)
        ? [.. specs.SelectMany(spec => IsLabel(spec) ? OfThisMachine().Find(spec[1..]) : [spec])]
        : specs;

    /// <summary>Finds a PFS.</summary>
    /// <param name="label">Its label.</param>
    /// <returns>The specifications to mount it by: one, or one for each node of a cluster.</returns>
    /// <exception cref="CommandException">There is none, or there are several.</exception>
    public IReadOnlyList<string> Find(string label)
    {
        byte[] wanted = NameText.Unescape(label);
        var found = new List<(IReadOnlyList<string> Paths, MediaUuid ClusterId)>();
        var options = new MediaSourceOptions(TakesLock: false);
        foreach (IReadOnlyList<string> paths in VolumeGrouping.Join(Candidates(options), options))
        {
            if (TryFind(paths, options, wanted, out MediaUuid cluster)) found.Add((paths, cluster));
        }
        if (found.Count == 0)
        {
            throw new CommandException(ExitCode.MountFailed,
                $"@{label}: no block device of this machine has a PFS with this label"
                + (Environment.IsPrivilegedProcess ? "" : "; devices that this user cannot read were not searched"));
        }
        bool isOne = found.All(one => one.ClusterId == found[0].ClusterId) && AreDifferent(found, options);
        List<string> names = [.. found.Select(one => string.Join(':', one.Paths.Select(Escape)))];
        if (!isOne)
        {
            throw new CommandException(ExitCode.MountFailed,
                $"@{label}: several filesystems have a PFS with this label, name the device: {string.Join(", ", names)}");
        }
        return [.. names.Select((name, index) => index == 0 ? $"{name}@{label}" : name)];
    }

    /// <summary>Completes a specification that names one device of a filesystem of several volumes, as UUID= in fstab
    /// does, by the other ones.</summary>
    /// <param name="spec">A specification.</param>
    /// <param name="search">The search, for a filesystem of several volumes alone.</param>
    /// <returns>The same one where it names all volumes, and where one is not found, or found twice: then mounting says
    /// what is missing.</returns>
    /// <exception cref="FormatException">The specification is malformed.</exception>
    public static string Complete(string spec, Func<LabelSearch> search)
    {
        MountSpec parsed = MountSpec.Parse(spec);
        if (parsed.Paths.Count != 1 || DeviceOpener.IsRemote(parsed.Paths[0])) return spec;
        var options = new MediaSourceOptions(TakesLock: false);
        if (VolumeProbe.Read(parsed.Paths[0], options) is not { VolumesTotal: > 1 } first) return spec;
        var others = new SortedDictionary<int, string>();
        foreach (string path in search().Candidates(options).SelectMany(static paths => paths))
        {
            if (VolumeProbe.Read(path, options) is not { } probed) continue;
            if (probed.Volume.FilesystemId != first.Volume.FilesystemId || probed.Volume.Index == first.Volume.Index)
                continue;
            if (!others.TryAdd(probed.Volume.Index, path)) return spec;
        }
        if (others.Count != first.VolumesTotal - 1) return spec;
        string paths = string.Join(':', others.Values.Prepend(parsed.Paths[0]).Select(Escape));
        return parsed.Label is null ? paths : $"{paths}@{parsed.Label}";
    }

    private static bool IsLabel(string spec) => spec.Length > 1 && spec[0] == '@' && !LinuxPath.Exists(spec);

    // Copies of one filesystem are not nodes of a cluster.
    private static bool AreDifferent(
        List<(IReadOnlyList<string> Paths, MediaUuid ClusterId)> found, MediaSourceOptions options) =>
        found.Select(one => VolumeProbe.Read(one.Paths[0], options)?.Volume.FilesystemId).Distinct().Count() == found.Count;

    /// <summary>The devices that have a volume, each in a list of its own, and what is mounted.</summary>
    private List<IReadOnlyList<string>> Candidates(MediaSourceOptions options)
    {
        var candidates = new List<IReadOnlyList<string>>();
        var seen = new HashSet<DeviceIdentity>();
        foreach (string name in Names())
        {
            string path = Path.Combine(DeviceDirectory, name);
            if (VolumeProbe.Read(path, options) is not { } probed) continue;
            if (probed.Device is { } device) _ = seen.Add(device);
            candidates.Add([path]);
        }
        foreach (string source in Mounted.Distinct())
        {
            IReadOnlyList<string> paths = MountSpec.Parse(source).Paths;
            if (VolumeProbe.Read(paths[0], options) is not { } probed) continue;
            if (probed.Device is { } device && !seen.Add(device)) continue;
            candidates.Add(paths);
        }
        return candidates;
    }

    /// <summary>Names of block devices with a size: partitions, and disks without any.</summary>
    private List<string> Names()
    {
        var names = new List<string>();
        foreach (string disk in Directory.EnumerateDirectories(SystemDirectory).Order(StringComparer.Ordinal))
        {
            if (!HasSize(disk)) continue;
            List<string> partitions = [.. Directory.EnumerateDirectories(disk)
                .Where(part => File.Exists(Path.Combine(part, PartitionFile))).Order(StringComparer.Ordinal)];
            if (partitions.Count == 0) partitions.Add(disk);
            names.AddRange(partitions.Select(one => Path.GetFileName(one).Replace('!', '/')));
        }
        return names;
    }

    private static bool HasSize(string directory)
    {
        string file = Path.Combine(directory, "size");
        return File.Exists(file) && File.ReadAllText(file).Trim() is not ("0" or "");
    }

    private static bool TryFind(
        IReadOnlyList<string> paths, MediaSourceOptions options, ReadOnlySpan<byte> label, out MediaUuid cluster)
    {
        cluster = default;
        try
        {
            using VolumeSet volumes = MediaSource.Open(paths, options, NullLogger.Instance);
            foreach (PfsRecord pfs in PfsCatalog.Read(volumes).Records)
            {
                if (!pfs.Label.AsSpan().SequenceEqual(label)) continue;
                cluster = pfs.Meta.PfsClusterId;
                return true;
            }
        }
        catch (MediaException)
        {
            // A volume without its others, for example, has no PFS that could be mounted.
        }
        return false;
    }

    private static string Escape(string path) => path.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace(":", "\\:", StringComparison.Ordinal).Replace("@", "\\@", StringComparison.Ordinal);
}
