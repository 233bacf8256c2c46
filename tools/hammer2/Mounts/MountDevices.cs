// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.Extract;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>The devices below a mount, for commands that read them as they are after the last commit.</summary>
internal static class MountDevices
{
    /// <summary>The filesystem of a mount's first node, with the label of the mounted PFS.</summary>
    /// <param name="path">A directory in the mount, or the mount.</param>
    /// <exception cref="CommandException">It is not in a mount of HAMMER2, the caller may not ask, or the names of the
    /// devices are not known.</exception>
    public static MountSpec Of(string path)
    {
        VolumeListRecord record = ListOf(path);
        List<string> listed = [.. VolumesOf(record).Select(PathOf)];
        string label = TextOf(record.Label);
        return SpecOf(listed, SourceOf(path), label) ?? throw new CommandException(ExitCode.CannotOpen,
            $"{path}: the mount does not tell the full paths of its devices; name them instead");
    }

    /// <summary>The answer of a mount about its volumes.</summary>
    /// <exception cref="CommandException">As <see cref="Of"/>.</exception>
    public static VolumeListRecord ListOf(string path)
    {
        var record = new VolumeListRecord { VolumesTotal = Media.VolumesMax };
        MountIoctl.Call(path, IoctlCommand.VolumeListFlat, ref record);
        return record;
    }

    /// <summary>The volumes of an answer.</summary>
    public static IEnumerable<VolumeRecord> VolumesOf(VolumeListRecord list)
    {
        for (int index = 0; index < Math.Clamp(list.VolumesTotal, 0, Media.VolumesMax); index++)
            yield return list.Volumes[index];
    }

    /// <summary>The path of a volume, a string of <see cref="ByteText"/>.</summary>
    public static string PathOf(VolumeRecord volume) => TextOf(volume.Path);

    /// <summary>A text of a record, which a NUL ends.</summary>
    public static string TextOf(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf((byte)0);
        return ByteText.Decode(end < 0 ? text : text[..end]);
    }

    /// <summary>Chooses between the paths in a record, which may be cut off or relative to the directory of another
    /// process, and those in the source of the mount, of which block devices show one volume only.</summary>
    /// <returns>Null when neither has them all.</returns>
    internal static MountSpec? SpecOf(IReadOnlyList<string> listed, string? source, string label)
    {
        const int CutBytes = 63;
        if (listed.Count == 0) return null;
        if (listed.All(path => IsFull(path) && ByteText.ByteCount(path) < CutBytes))
            return new MountSpec(listed, label);
        if (source is null || !IsFull(source)) return null;
        IReadOnlyList<string> paths = MountSpec.Parse(source).Paths;
        return paths.Count == listed.Count ? new MountSpec(paths, label) : null;
    }

    private static bool IsFull(string name) => name.StartsWith('/') || DeviceOpener.IsRemote(name);

    private static string? SourceOf(string path)
    {
        using MountHandle? handle = MountHandle.Open(path, followsLast: true, out _);
        if (handle is null || handle.Status(out LinuxFiles.FileStatus status) != 0) return null;
        string number = MountTableLine.DeviceNumberOf(status.DeviceMajor, status.DeviceMinor);
        return MountTableLine.ReadAll().Find(line => line.IsHammer2 && line.DeviceNumber == number)?.Source;
    }
}
