// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>What adding a volume made of a filesystem.</summary>
/// <param name="Index">Number of the volume.</param>
/// <param name="StartBytes">Where it begins in the address space.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="TotalBytes">Size of the filesystem.</param>
/// <param name="Refusal">Why it was refused, in words; null when it was not.</param>
public sealed record AdditionOutcome(
    int Index, ulong StartBytes, ulong LengthBytes, ulong TotalBytes, string? Refusal);

/// <summary>Adds a volume to a filesystem: a device on which nothing is, as long as it is or as asked for, rounded down
/// to 8 MiB.</summary>
/// <remarks>Results: None; Invalid with the reason in the outcome; Busy when blocks are in use in what the last volume
/// would give up; ReadOnly; the fault of a block that could not be read; what writing met.</remarks>
public static class FilesystemAddition
{
    /// <summary>Adds a volume to the filesystem of a mounted node, which stays in use.</summary>
    /// <param name="mount">The PFS.</param>
    /// <param name="node">Its node.</param>
    /// <param name="path">The device.</param>
    /// <param name="wantedBytes">The length of the volume; 0 for that of its device.</param>
    /// <param name="loggers">Receive what becomes of a remote device.</param>
    /// <param name="outcome">What was done.</param>
    /// <exception cref="MediaException">The device cannot be opened, is in use, or has content.</exception>
    public static Hammer2Error Run(ClusterMount mount, PresentNode node, string path, ulong wantedBytes,
        ILoggerFactory loggers, out AdditionOutcome outcome)
    {
        OpenFilesystem? filesystem = mount.FilesystemOf(node.Device.Volumes.FilesystemId);
        Invariant.Holds(filesystem is not null);
        Hammer2Error error = Run(node.Device, path, wantedBytes, isMounted: true, loggers, out outcome);
        if (error == Hammer2Error.None) filesystem.AddPath(path);
        return error;
    }

    /// <summary>Adds a volume to a filesystem that is not mounted.</summary>
    /// <param name="volumes">The filesystem, opened for writing; closed afterwards.</param>
    /// <param name="path">The device.</param>
    /// <param name="wantedBytes">The length of the volume; 0 for that of its device.</param>
    /// <param name="loggers">Receive messages about damage.</param>
    /// <param name="outcome">What was done.</param>
    /// <exception cref="MediaException">The device cannot be opened, is in use, or has content.</exception>
    public static Hammer2Error RunOffline(VolumeSet volumes, string path, ulong wantedBytes, ILoggerFactory loggers,
        out AdditionOutcome outcome)
    {
        outcome = new AdditionOutcome(0, 0, 0, volumes.TotalBytes, null);
        Hammer2Error error = OfflineDevice.Open(volumes, loggers, out MediaDevice? opened);
        if (error != Hammer2Error.None) return error;
        using MediaDevice device = opened!;
        return Run(device, path, wantedBytes, isMounted: false, loggers, out outcome);
    }

    private static Hammer2Error Run(MediaDevice device, string path, ulong wantedBytes, bool isMounted,
        ILoggerFactory loggers, out AdditionOutcome outcome)
    {
        IBlockDevice added = AddedVolumeDevice.Open(
            path, device.Header, isMounted, loggers.CreateLogger<VolumeSet>());
        bool isOwned = false;
        try
        {
            Hammer2Error error = VolumeAddition.Run(device, added, wantedBytes, out AdditionPlan plan);
            isOwned = device.Volumes.Volumes.Any(volume => volume.Device == added);
            outcome = new AdditionOutcome(device.Volumes.Volumes.Count - 1, plan.Start, plan.LengthBytes,
                device.Volumes.TotalBytes, plan.Refusal);
            return error;
        }
        finally
        {
            if (!isOwned) added.Dispose();
        }
    }
}
