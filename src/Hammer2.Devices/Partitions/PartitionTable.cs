// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Devices.Partitions;

/// <summary>
/// Lists the partitions of a disk: of a GPT, else of an MBR, and of DragonFly labels in each partition or on the whole
/// disk.
/// </summary>
public static class PartitionTable
{
    /// <summary>
    /// Lists all partitions that are wholly within the device; empty when it has no partition table. A partition with a
    /// DragonFly label is followed by the partitions of that label.
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
