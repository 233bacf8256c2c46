// SPDX-License-Identifier: BSD-3-Clause

namespace Hammer2.Devices;

/// <summary>
/// Which bytes a device really is, whatever it was called: two names of one image file (hard links, symbolic
/// links, other paths) and two nodes of one block device compare equal.
/// </summary>
/// <param name="Major">Driver number: of the device itself, or of what holds the file.</param>
/// <param name="Minor">Device number within the driver.</param>
/// <param name="Inode">Inode number of an image file; 0 for a block device.</param>
/// <param name="Offset">First byte of the part that is used; 0 for the whole.</param>
public readonly record struct DeviceIdentity(uint Major, uint Minor, ulong Inode, long Offset);

/// <summary>A device that can tell which bytes it really is, so that one given twice is noticed.</summary>
public interface IIdentifiedDevice
{
    /// <summary>Equal for equal bytes; null when nothing is known.</summary>
    DeviceIdentity? Identity { get; }
}
