// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Devices;

/// <summary>Which volume of which filesystem a device is.</summary>
/// <param name="FilesystemId">The filesystem.</param>
/// <param name="Index">The volume; 0 is the root volume.</param>
public readonly record struct VolumeIdentity(MediaUuid FilesystemId, int Index);

/// <summary>What a header says of a device, and which bytes the device really is.</summary>
/// <param name="Volume">The volume that the header names.</param>
/// <param name="Device">The bytes; null when nothing is known of them.</param>
public readonly record struct ProbedVolume(VolumeIdentity Volume, DeviceIdentity? Device)
{
    /// <summary>The version of the format.</summary>
    public required uint Version { get; init; }

    /// <summary>Number of volumes of the filesystem, at least 1.</summary>
    public required int VolumesTotal { get; init; }

    /// <summary>The partition that has the volume, by its name on the command line; null for the whole
    /// device.</summary>
    public required string? Partition { get; init; }
}

/// <summary>Looks at the volume header of a device that may be in use, without a lock.</summary>
public static class VolumeProbe
{
    /// <summary>Reads the header of one device.</summary>
    /// <param name="path">A device of any kind.</param>
    /// <param name="options">Where on the device the filesystem is.</param>
    /// <returns>Null when it cannot be read or has no HAMMER2 header: opening it says why.</returns>
    public static ProbedVolume? Read(string path, MediaSourceOptions options)
    {
        try
        {
            return ReadOrRefuse(path, options);
        }
        catch (MediaException)
        {
            return null;    // the caller opens it once more, and reports this
        }
    }

    /// <summary>As <see cref="Read"/>.</summary>
    /// <exception cref="MediaException">It cannot be read or has no HAMMER2 header.</exception>
    public static ProbedVolume ReadOrRefuse(string path, MediaSourceOptions options)
    {
        using IBlockDevice whole = DeviceOpener.Open(
            path, new FileBlockDeviceOptions(IsReadOnly: true, TakesLock: false), NullLogger.Instance);
        IBlockDevice device = PartitionChoice.Choose(whole, options);
        ref readonly VolumeHeaderSector fields =
            ref new VolumeSetMember(device, VolumeHeaderCopies.Read(device)).Fields;
        var volume = new VolumeIdentity(fields.FilesystemId, fields.VolumeIndex);
        return new ProbedVolume(volume, (device as IIdentifiedDevice)?.Identity)
        {
            Version = fields.Version,
            VolumesTotal = Math.Max((int)fields.VolumesTotal, 1),
            Partition = device == whole ? null : device.Name[(whole.Name.Length + 1)..],
        };
    }
}
