// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Admin.Newfs;

/// <summary>Name and size of a device.</summary>
/// <param name="Name">Name for messages.</param>
/// <param name="LengthBytes">Size in bytes.</param>
public readonly record struct DeviceSpace(string Name, long LengthBytes);

/// <summary>A volume of a new filesystem.</summary>
/// <param name="Start">Offset in the filesystem's address space, in bytes.</param>
/// <param name="LengthBytes">Size in bytes.</param>
public readonly record struct PlannedVolume(ulong Start, ulong LengthBytes);

/// <summary>
/// The layout of a new filesystem. Pure arithmetic over sizes; no device is accessed.
/// </summary>
/// <param name="Volumes">The volumes, contiguous in the address space.</param>
/// <param name="TotalBytes">Total size of the volumes in bytes.</param>
/// <param name="BootBytes">Size of the boot area in bytes; it follows the first reserved 4 MiB.</param>
/// <param name="AuxBytes">Size of the aux area in bytes; it follows the boot area.</param>
/// <param name="ReservedBytes">4 MiB for each GiB or part of one.</param>
/// <param name="AllocatorBytes">Size of the allocatable space in bytes, as stored in the header.</param>
/// <param name="InodesBegin">Address of the super-root's inode; those of the PFSs follow.</param>
/// <param name="AllocatorBegin">First address after the initial inodes; the freemap does not describe space below
/// it.</param>
/// <remarks>Upstream: <c>hammer2_mkfs</c> and <c>adjust_options</c>, mkfs_hammer2.c.</remarks>
public sealed record VolumePlan(
    IReadOnlyList<PlannedVolume> Volumes, ulong TotalBytes, ulong BootBytes, ulong AuxBytes, ulong ReservedBytes,
    ulong AllocatorBytes, ulong InodesBegin, ulong AllocatorBegin)
{
    /// <summary>Largest boot area (<c>HAMMER2_BOOT_MAX_BYTES</c>).</summary>
    public const ulong BootBytesMax = 256UL << 20;

    /// <summary>Largest aux area (<c>HAMMER2_AUX_MAX_BYTES</c>).</summary>
    public const ulong AuxBytesMax = 1UL << 30;

    /// <summary>Minimum number of allocatable bytes of a filesystem.</summary>
    public const ulong UsableBytesMin = 8UL << 20;

    private const ulong BootBytesNominal = 64UL << 20;
    private const ulong AuxBytesNominal = 256UL << 20;
    private const ulong AreaBytesMin = (ulong)Media.VolumeAlignBytes;
    private const ulong AreaShare = 20;   // default size of an area: at most a twentieth of the filesystem

    /// <summary>Plans a filesystem on devices, which become its volumes in the given order.</summary>
    /// <exception cref="NewfsException">The devices are too small, or a size breaks a rule; the message names the
    /// device and both numbers.</exception>
    public static VolumePlan Make(NewFilesystem wanted, IReadOnlyList<DeviceSpace> devices)
    {
        CheckCounts(wanted, devices.Count);
        PlannedVolume[] volumes = LayOut(wanted, devices);
        ulong total = volumes[^1].Start + volumes[^1].LengthBytes;
        ulong boot = AreaBytes("boot", wanted.BootBytes, BootBytesNominal, BootBytesMax, total);
        ulong aux = AreaBytes("aux", wanted.AuxBytes, AuxBytesNominal, AuxBytesMax, total);
        ulong reserved = FreemapGeometry.LeavesTotal(total) * Media.ZoneReservedBytes;
        ulong inodes = Media.ZoneReservedBytes + boot + aux;
        ulong begin = inodes + ((ulong)(1 + wanted.Pfses.Count) * Media.InodeBytes);
        // The static areas must end before the second reserved range, so that they are contiguous.
        ulong limit = Math.Min(volumes[0].LengthBytes, (ulong)Media.ZoneBytes);
        if (begin > limit)
        {
            throw new NewfsException(
                $"{devices[0].Name}: boot area ({Text(boot)}) and aux area ({Text(aux)}) do not fit into its first "
                + $"{Text(limit)}");
        }
        ulong usable = UsableBytes(begin, total);
        if (usable < UsableBytesMin)
        {
            throw new NewfsException($"{devices[0].Name}: of {Text(total)} only {Text(usable)} would be left for "
                + $"files, at least {Text(UsableBytesMin)} are needed");
        }
        return new VolumePlan(volumes, total, boot, aux, reserved, total - reserved - boot - aux, inodes, begin);
    }

    /// <summary>Number of allocatable bytes: whole segments after <paramref name="allocatorBegin"/> that are not
    /// reserved.</summary>
    public static ulong UsableBytes(ulong allocatorBegin, ulong totalBytes)
    {
        const ulong Segment = Media.SegmentBytes;
        ulong first = (allocatorBegin + Segment - 1) / Segment;
        ulong end = totalBytes / Segment;
        if (end <= first) return 0;
        // Every GiB begins with one reserved segment; there is none between the static areas and the end of their GiB.
        ulong reserved = FreemapGeometry.LeavesTotal(totalBytes) - FreemapGeometry.LeavesTotal(first * Segment);
        return (end - first - reserved) * Segment;
    }

    private static void CheckCounts(NewFilesystem wanted, int devices)
    {
        if (wanted.Version is not (1 or 2))
            throw new NewfsException($"format version {wanted.Version} is not supported; versions 1 and 2 are");
        if (devices is < 1 or > Media.VolumesMax)
            throw new NewfsException($"{devices} volumes; a filesystem has 1 to {Media.VolumesMax}");
        if (wanted.Version == 1 && devices != 1)
            throw new NewfsException($"{devices} volumes; a filesystem of version 1 has one");
        if (wanted.Sizes.Count > 1 && wanted.Sizes.Count != devices)
            throw new NewfsException($"{wanted.Sizes.Count} sizes for {devices} devices");
        NewPfsRules.Check(wanted.Pfses);
    }

    private static PlannedVolume[] LayOut(NewFilesystem wanted, IReadOnlyList<DeviceSpace> devices)
    {
        var volumes = new PlannedVolume[devices.Count];
        UInt128 start = 0;
        ulong? rest = wanted.Sizes.Count == 1 ? wanted.Sizes[0] : null;
        for (int index = 0; index < volumes.Length; index++)
        {
            DeviceSpace device = devices[index];
            ulong size = (ulong)device.LengthBytes;
            if (rest is { } left)
            {
                if (left == 0) throw new NewfsException($"{device.Name}: nothing of the given total size is left for it");
                size = Math.Min(size, left);
                rest = left - size;
            }
            else if (wanted.Sizes.Count > 1)
            {
                if (wanted.Sizes[index] > size)
                    throw new NewfsException($"{device.Name}: holds {Text(size)} of {Text(wanted.Sizes[index])}");
                size = wanted.Sizes[index];
            }
            ulong unit = (ulong)(index == volumes.Length - 1 ? Media.VolumeAlignBytes : Media.ZoneBytes);
            ulong aligned = size - (size % unit);
            if (aligned == 0)
                throw new NewfsException($"{device.Name}: {Text(size)} are less than the {Text(unit)} it must have");
            volumes[index] = new PlannedVolume((ulong)start, aligned);
            start += aligned;
            if (start > long.MaxValue) throw new NewfsException($"{device.Name}: the volumes are beyond 8 EiB");
        }
        if (rest > 0) throw new NewfsException($"{devices[^1].Name}: {Text(rest.Value)} of the given total size do not fit");
        return volumes;
    }

    private static ulong AreaBytes(string name, ulong? asked, ulong nominal, ulong most, ulong total)
    {
        if (asked is { } bytes)
        {
            return bytes >= AreaBytesMin && bytes <= most && bytes % AreaBytesMin == 0
                ? bytes
                : throw new NewfsException($"{name} area of {Text(bytes)}: it must be a multiple of "
                    + $"{Text(AreaBytesMin)}, at most {Text(most)}");
        }
        ulong size = nominal;
        while (size > total / AreaShare) size /= 2;
        size = Math.Max(size, AreaBytesMin);
        return (size + AreaBytesMin - 1) / AreaBytesMin * AreaBytesMin;
    }

    private static string Text(ulong bytes) => (bytes & 0xF_FFFF) == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
}
