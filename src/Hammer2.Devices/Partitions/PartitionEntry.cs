// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Devices.Partitions;

/// <summary>A partition of a device.</summary>
/// <param name="Name">The name used on the command line: p1 in a GPT, s1 in an MBR, a letter in a DragonFly label, and
/// both for a label inside a partition, as in s1d.</param>
/// <param name="Offset">Offset of its first byte on the device.</param>
/// <param name="LengthBytes">Size in bytes; the partition is wholly within the device.</param>
/// <param name="TypeText">The type that the partition table gives.</param>
/// <param name="IsHammer2Type">True when that type is HAMMER2.</param>
public sealed record PartitionEntry(
    string Name, long Offset, long LengthBytes, string TypeText, bool IsHammer2Type)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Name} (offset {Offset}, {LengthBytes} bytes, {TypeText})");
}
