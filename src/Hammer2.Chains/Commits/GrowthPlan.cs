// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>What growing makes of the last volume of a filesystem.</summary>
/// <param name="LengthBytes">Its length afterwards.</param>
/// <param name="IsChanged">True when that is more than before.</param>
/// <param name="Refusal">Why it is refused; null when it is not.</param>
public sealed record GrowthPlan(ulong LengthBytes, bool IsChanged, string? Refusal = null)
{
    /// <summary>Decides.</summary>
    /// <param name="presentBytes">The length of the volume.</param>
    /// <param name="deviceBytes">The length of its device.</param>
    /// <param name="wantedBytes">The length asked for, rounded down to 8 MiB; 0 for that of the device.</param>
    /// <remarks>Upstream: <c>hammer2_ioctl_growfs</c>.</remarks>
    public static GrowthPlan Of(ulong presentBytes, ulong deviceBytes, ulong wantedBytes)
    {
        if (wantedBytes > deviceBytes)
            return Refused(presentBytes, $"the device has {Text(deviceBytes)} bytes, less than {Text(wantedBytes)}");
        ulong length = (wantedBytes == 0 ? deviceBytes : wantedBytes) & ~(ulong)(Media.VolumeAlignBytes - 1);
        if (length > long.MaxValue) return Refused(presentBytes, "a volume has less than 2^63 bytes");
        return length < presentBytes
            ? Refused(presentBytes, $"it has {Text(presentBytes)} bytes and cannot shrink to {Text(length)}")
            : new GrowthPlan(length, length > presentBytes);
    }

    private static GrowthPlan Refused(ulong presentBytes, string reason) =>
        new(presentBytes, IsChanged: false, reason);

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);
}
