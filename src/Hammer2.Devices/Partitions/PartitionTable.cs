// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Devices.Partitions;

/// <summary>
/// Finds what a disk is divided into: by a GPT, else an MBR, and in each partition by DragonFly's label,
/// which
/// may also take the whole disk.
/// </summary>
public static class PartitionTable
{
    /// <summary>
    /// Lists all parts that lie wholly within the device; empty when it has no partition table. A partition
    /// that a DragonFly label divides further is followed by its parts.
    /// </summary>
    public static IReadOnlyList<PartitionEntry> Read(IBlockDevice device)
    {
        var outer = new List<PartitionEntry>();
        var found = new List<PartitionEntry>();
        if (!GuidPartitionTable.TryRead(device, outer) && !MasterBootRecord.TryRead(device, outer))
        {
            _ = DragonFlyLabel.TryRead(device, 0, device.LengthBytes, "", found);
            return found;
        }
        foreach (PartitionEntry entry in outer)
        {
            found.Add(entry);
            _ = DragonFlyLabel.TryRead(device, entry.Offset, entry.LengthBytes, entry.Name, found);
        }
        return found;
    }
}
