// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Devices.Partitions;

/// <summary>A part of a device that a partition table names.</summary>
/// <param name="Name">How a person asks for it: p1 in a GPT, s1 in an MBR, a letter in a DragonFly label,
/// and both when a label lies within a partition, as in s1d.</param>
/// <param name="Offset">First byte on the device.</param>
/// <param name="LengthBytes">Size in bytes; the part lies wholly within the device.</param>
/// <param name="TypeText">What the table says is in it.</param>
/// <param name="IsHammer2Type">True when that is HAMMER2.</param>
public sealed record PartitionEntry(
    string Name, long Offset, long LengthBytes, string TypeText, bool IsHammer2Type)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Name} (offset {Offset}, {LengthBytes} bytes, {TypeText})");
}
