// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Devices;

/// <summary>
/// Identifies the storage behind a device, independent of its path: two names of one image file (hard links, symbolic
/// links, other paths) and two nodes of one block device compare equal.
/// </summary>
/// <param name="Major">Driver number: of the block device, or of the device that holds the image file.</param>
/// <param name="Minor">Device number within the driver.</param>
/// <param name="Inode">Inode number of an image file; 0 for a block device.</param>
/// <param name="Offset">Offset of the first byte used; 0 for the whole.</param>
public readonly record struct DeviceIdentity(uint Major, uint Minor, ulong Inode, long Offset)
{
    /// <summary>Server and export of a device of another machine; null for one of this machine.</summary>
    public string? Remote { get; init; }
}

/// <summary>A device that knows its identity, so that a device given twice is detected.</summary>
public interface IIdentifiedDevice
{
    /// <summary>Equal for devices that are the same storage; null when unknown.</summary>
    DeviceIdentity? Identity { get; }
}
