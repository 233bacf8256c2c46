// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Devices.Partitions;

namespace Hammer2.Devices;

/// <summary>
/// Decides which range of a device is the volume: all of it, the requested partition or offset, or the only partition
/// with a HAMMER2 header.
/// </summary>
internal static class PartitionChoice
{
    /// <summary>
    /// The volume on a device: the device itself, or a partition device that owns it.
    /// </summary>
    /// <exception cref="PartitionException">The requested partition does not exist, or several hold a
    /// volume.</exception>
    internal static IBlockDevice Choose(IBlockDevice device, MediaSourceOptions options)
    {
        if (options.PartitionOffset is { } offset)
            return AtOffset(device, offset);
        IReadOnlyList<PartitionEntry> partitions = PartitionTable.Read(device);
        if (options.Partition is { } name)
            return Named(device, partitions, name);
        // A filesystem on the whole disk has its first header where a partition table would be. When that copy is
        // damaged, the other copies must not be mistaken for copies inside a partition, and vice versa.
        if (partitions.Count == 0 || HasHeader(device, firstOnly: true))
            return device;
        var candidates = new List<PartitionEntry>();
        foreach (PartitionEntry entry in partitions)
        {
            if (HasHeader(Slice(device, entry), firstOnly: false))
                candidates.Add(entry);
        }
        if (candidates.Count == 1)
            return Slice(device, candidates[0]);
        if (candidates.Count > 1)
        {
            throw new PartitionException(device.Name,
                $"{candidates.Count} partitions hold a HAMMER2 volume, name one of them: {List(candidates)}");
        }
        return HasHeader(device, firstOnly: false) ? device : throw NothingFound(device, partitions);
    }

    private static PartitionBlockDevice AtOffset(IBlockDevice device, long offset)
    {
        if (offset < 0 || offset >= device.LengthBytes)
        {
            throw new PartitionException(device.Name, string.Create(CultureInfo.InvariantCulture,
                $"offset {offset} is outside the device, which has {device.LengthBytes} bytes"));
        }
        // Cut the range at the end of the partition: past it, headers of another filesystem may be found at the offsets
        // of our copies.
        foreach (PartitionEntry entry in PartitionTable.Read(device))
        {
            if (entry.Offset == offset)
                return Slice(device, entry);
        }
        return new PartitionBlockDevice(device, offset, device.LengthBytes - offset,
            string.Create(CultureInfo.InvariantCulture, $"{device.Name}+{offset}"));
    }

    private static PartitionBlockDevice Named(
        IBlockDevice device, IReadOnlyList<PartitionEntry> partitions, string name)
    {
        foreach (PartitionEntry entry in partitions)
        {
            if (entry.Name == name)
                return Slice(device, entry);
        }
        throw new PartitionException(device.Name, partitions.Count == 0
            ? $"there is no partition {name}: no partition table was found"
            : $"there is no partition {name}, there are: {List(partitions)}");
    }

    private static PartitionException NothingFound(
        IBlockDevice device, IReadOnlyList<PartitionEntry> partitions)
    {
        var byType = new List<PartitionEntry>();
        foreach (PartitionEntry entry in partitions)
        {
            if (entry.IsHammer2Type)
                byType.Add(entry);
        }
        return byType.Count == 0
            ? new PartitionException(device.Name,
                $"none of its partitions holds a HAMMER2 volume: {List(partitions)}")
            : new PartitionException(device.Name,
                $"no valid HAMMER2 volume header, although by type there should be one in {List(byType)}");
    }

    private static PartitionBlockDevice Slice(IBlockDevice device, PartitionEntry entry)
        => new(device, entry.Offset, entry.LengthBytes, $"{device.Name}:{entry.Name}");

    private static bool HasHeader(IBlockDevice device, bool firstOnly)
    {
        foreach (VolumeHeaderCopy copy in VolumeHeaderCopies.ReadAll(device))
        {
            if (copy.Header != null)
                return true;
            if (firstOnly)
                break;
        }
        return false;
    }

    private static string List(IReadOnlyList<PartitionEntry> entries)
    {
        var text = new StringBuilder();
        foreach (PartitionEntry entry in entries)
            _ = text.Append(text.Length == 0 ? "" : ", ").Append(entry);
        return text.ToString();
    }
}
