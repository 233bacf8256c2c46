// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>A filesystem that gets one more volume.</summary>
/// <param name="Version">Version of its format.</param>
/// <param name="VolumesTotal">How many volumes it has.</param>
/// <param name="LastStart">Where the last of them begins in the address space.</param>
/// <param name="LastLengthBytes">Its length.</param>
/// <param name="LastDeviceBytes">The length of its device.</param>
public readonly record struct ExtendedFilesystem(
    uint Version, int VolumesTotal, ulong LastStart, ulong LastLengthBytes, ulong LastDeviceBytes);

/// <summary>Where an added volume goes.</summary>
/// <param name="Start">Where it begins in the address space, and the present last volume ends.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="Refusal">Why it cannot be added; null when it can.</param>
public sealed record AdditionPlan(ulong Start, ulong LengthBytes, string? Refusal = null)
{
    /// <summary>Decides. Every volume but the last has whole GiB: the present last one gets them where its device is
    /// long enough, and gives up what is past the last whole one otherwise.</summary>
    /// <param name="filesystem">The filesystem.</param>
    /// <param name="deviceBytes">The length of the device.</param>
    /// <param name="wantedBytes">The length asked for, rounded down to 8 MiB; 0 for that of the device.</param>
    public static AdditionPlan Of(in ExtendedFilesystem filesystem, ulong deviceBytes, ulong wantedBytes)
    {
        const ulong Zone = Media.ZoneBytes;
        if (filesystem.Version < 2) return Refused("a filesystem of format version 1 has one volume");
        if (filesystem.VolumesTotal >= Media.VolumesMax)
            return Refused($"it has {Text((ulong)filesystem.VolumesTotal)} volumes, and cannot have more");
        if (wantedBytes > deviceBytes)
            return Refused($"the device has {Text(deviceBytes)} bytes, less than {Text(wantedBytes)}");
        ulong length = (wantedBytes == 0 ? deviceBytes : wantedBytes) & ~(ulong)(Media.VolumeAlignBytes - 1);
        if (length == 0) return Refused($"a volume has at least {Text((ulong)Media.VolumeAlignBytes)} bytes");
        ulong floor = filesystem.LastLengthBytes / Zone * Zone;
        ulong ceiling = floor == filesystem.LastLengthBytes ? floor : floor + Zone;
        ulong last = ceiling <= filesystem.LastDeviceBytes ? ceiling : floor;
        if (last == 0)
        {
            return Refused($"its last volume has {Text(filesystem.LastLengthBytes)} bytes, less than the GiB that a "
                + "volume before another one has");
        }
        ulong start = filesystem.LastStart + last;
        if (length > long.MaxValue - start) return Refused("a filesystem has less than 2^63 bytes");
        return start + length > filesystem.LastStart + filesystem.LastLengthBytes
            ? new AdditionPlan(start, length)
            : Refused($"its last volume has {Text(filesystem.LastLengthBytes)} bytes and would be cut to {Text(last)}, "
                + "which is more than would be added");
    }

    private static AdditionPlan Refused(string reason) => new(0, 0, reason);

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
