// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Hammer2.Devices;

/// <summary>The description of a block device in sysfs.</summary>
/// <param name="Node">Its device node, such as /dev/loop0p1.</param>
/// <param name="Disk">For a partition: the number of the disk that it is part of.</param>
/// <param name="DiskRange">For a partition: where on the disk it is.</param>
/// <param name="BackingFile">For a loop device that is in use: the path of its backing file, as seen by the process
/// that attached it.</param>
internal readonly record struct BlockFacts(string Node, DeviceNumber? Disk, ByteRange DiskRange, string? BackingFile);

/// <summary>Reads from sysfs which disk a partition is part of, and which file a loop device is backed by.</summary>
internal sealed class BlockTopology
{
    private const int SectorBytes = 512; // the unit of sysfs, for devices of any sector size

    private readonly string _numbers;
    private readonly string _disks;

    /// <summary>Reads below the directory where sysfs is mounted.</summary>
    internal BlockTopology(string systemDirectory)
    {
        _numbers = Path.Combine(systemDirectory, "dev", "block");
        _disks = Path.Combine(systemDirectory, "block");
    }

    /// <summary>The reason why sysfs cannot be read; null when it can.</summary>
    internal string? Absence => Directory.Exists(_numbers) && Directory.Exists(_disks)
        ? null
        : $"{_numbers} is missing, /sys is not mounted";

    /// <summary>Describes a block device; null when sysfs has no complete entry for it.</summary>
    internal BlockFacts? Describe(DeviceNumber number)
    {
        if (DirectoryOf(number) is not { } directory) return null;
        if (NodeOf(directory) is not { } node) return null;
        string? backing = FirstLine(Path.Combine(directory, "loop", "backing_file"));
        if (!File.Exists(Path.Combine(directory, "partition")))
            return new BlockFacts(node, null, ByteRange.Whole, backing);
        if (NumberIn(FirstLine(Path.Combine(Path.GetDirectoryName(directory)!, "dev"))) is not { } disk) return null;
        if (!long.TryParse(FirstLine(Path.Combine(directory, "start")), CultureInfo.InvariantCulture, out long start)
            || !long.TryParse(FirstLine(Path.Combine(directory, "size")), CultureInfo.InvariantCulture, out long size))
        {
            return null;
        }
        return new BlockFacts(node, disk, ByteRange.At(start * SectorBytes, size * SectorBytes), backing);
    }

    /// <summary>The device nodes of all loop devices that have a backing file, with its path.</summary>
    internal IEnumerable<(string Node, string BackingFile)> LoopDevices()
    {
        foreach (string directory in Directory.EnumerateDirectories(_disks, "loop*"))
        {
            if (FirstLine(Path.Combine(directory, "loop", "backing_file")) is { } backing)
                yield return ("/dev/" + Path.GetFileName(directory), backing);
        }
    }

    // /sys/dev/block/7:0 links to the directory of the device; that of a partition is inside that of its disk.
    private string? DirectoryOf(DeviceNumber number)
    {
        string link = Path.Combine(_numbers, Text(number));
        try
        {
            return Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            return null; // no sysfs here, or no such device any more
        }
    }

    private static string? NodeOf(string directory)
    {
        foreach (string line in ProcFile.Lines(Path.Combine(directory, "uevent")))
        {
            if (line.StartsWith("DEVNAME=", StringComparison.Ordinal)) return "/dev/" + line["DEVNAME=".Length..];
        }
        return null;
    }

    private static DeviceNumber? NumberIn(string? text)
    {
        string[] parts = text?.Split(':') ?? [];
        return parts.Length == 2 && uint.TryParse(parts[0], CultureInfo.InvariantCulture, out uint major)
            && uint.TryParse(parts[1], CultureInfo.InvariantCulture, out uint minor)
            ? new DeviceNumber(major, minor)
            : null;
    }

    private static string Text(DeviceNumber number) =>
        string.Create(CultureInfo.InvariantCulture, $"{number.Major}:{number.Minor}");

    private static string? FirstLine(string path)
    {
        string[] lines = ProcFile.Lines(path);
        return lines.Length == 0 ? null : lines[0];
    }
}
