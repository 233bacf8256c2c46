// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>One filesystem that is open in this process, with a use count.</summary>
internal sealed class OpenFilesystem(VolumeSet volumes, MediaDevice device)
{
    /// <summary>Its volumes, locked.</summary>
    public VolumeSet Volumes { get; } = volumes;

    /// <summary>Its tree.</summary>
    public MediaDevice Device { get; } = device;

    /// <summary>Number of PFSs that use it. Guarded by <see cref="OpenFilesystems"/>.</summary>
    public int UsersTotal { get; set; } = 1;

    /// <summary>The block device that can be the source of a kernel mount (fuseblk); null for an image, a partition
    /// inside an image or disk, one opened read-only, and one that has such a mount.</summary>
    public FileBlockDevice? ClaimedDevice =>
        Device.RootVolume is FileBlockDevice { ClaimedPath: not null } claimed ? claimed : null;

    /// <summary>True when one of the devices is a volume of this filesystem.</summary>
    public bool IsAnyOf(HashSet<DeviceIdentity> devices)
    {
        foreach (Volume volume in Volumes.Volumes)
            if (volume.Device is IIdentifiedDevice { Identity: { } id } && devices.Contains(id)) return true;
        return false;
    }

    /// <summary>True when every volume of this filesystem is among the devices.</summary>
    public bool HasAll(HashSet<DeviceIdentity> devices)
    {
        foreach (Volume volume in Volumes.Volumes)
            if (volume.Device is not IIdentifiedDevice { Identity: { } id } || !devices.Contains(id)) return false;
        return true;
    }

    /// <summary>Releases the kernel's claim for a mount on the device.</summary>
    /// <returns>False when it could not be done; the claim is still held then.</returns>
    /// <exception cref="DeviceBusyException">Another process opened the device meanwhile.</exception>
    public bool TryReleaseClaim() => ClaimedDevice is { } claimed && claimed.ReleaseClaim();

    /// <summary>Claims the device again once the mount has ended. If that fails, a warning is logged; locks still
    /// exclude other processes of HAMMER2.</summary>
    public void RenewClaim(ILogger logger)
    {
        if (Device.RootVolume is not FileBlockDevice device) return;
        try
        {
            if (!device.RenewClaim()) MountLog.ClaimLost(logger, device.Name, "it is claimed by another user of it");
        }
        catch (DeviceBusyException failure)
        {
            MountLog.ClaimLost(logger, device.Name, failure.Message);
        }
    }
}
