// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>What growing made of a filesystem.</summary>
/// <param name="LengthBytes">Length of its last volume.</param>
/// <param name="IsChanged">True when that is more than before.</param>
/// <param name="TotalBytes">Its size.</param>
/// <param name="Refusal">Why it was refused, in words; null when it was not.</param>
public sealed record GrowthOutcome(ulong LengthBytes, bool IsChanged, ulong TotalBytes, string? Refusal);

/// <summary>Makes the last volume of a filesystem longer: as long as its device, or as asked for, rounded down to 8
/// MiB.</summary>
/// <remarks>Results: None, also when nothing had to be changed; Invalid with the reason in the outcome; ReadOnly; the
/// fault of a block that could not be read; what writing met.</remarks>
public static class FilesystemGrowth
{
    /// <summary>Grows the filesystem of a mounted node, which stays in use.</summary>
    /// <param name="node">The node.</param>
    /// <param name="wantedBytes">The length of the last volume; 0 for that of its device.</param>
    /// <param name="outcome">What was done.</param>
    public static Hammer2Error Run(PresentNode node, ulong wantedBytes, out GrowthOutcome outcome) =>
        Run(node.Device, wantedBytes, out outcome);

    /// <summary>Grows a filesystem that is not mounted.</summary>
    /// <param name="volumes">The filesystem, opened for writing; closed afterwards.</param>
    /// <param name="wantedBytes">The length of the last volume; 0 for that of its device.</param>
    /// <param name="loggers">Receive messages about damage.</param>
    /// <param name="outcome">What was done.</param>
    public static Hammer2Error RunOffline(
        VolumeSet volumes, ulong wantedBytes, ILoggerFactory loggers, out GrowthOutcome outcome)
    {
        outcome = new GrowthOutcome(volumes.Volumes[^1].LengthBytes, IsChanged: false, volumes.TotalBytes, null);
        Hammer2Error error = OfflineDevice.Open(volumes, loggers, out MediaDevice? device);
        if (error != Hammer2Error.None) return error;
        using (device) return Run(device!, wantedBytes, out outcome);
    }

    private static Hammer2Error Run(MediaDevice device, ulong wantedBytes, out GrowthOutcome outcome)
    {
        Hammer2Error error = VolumeGrowth.Run(device, wantedBytes, out GrowthPlan plan);
        outcome = new GrowthOutcome(plan.LengthBytes, plan.IsChanged, device.Volumes.TotalBytes, plan.Refusal);
        return error;
    }
}
