// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Concurrency;
using Hammer2.Chains;
using Hammer2.Cluster.Returns;
using Hammer2.Devices;
using Hammer2.Devices.Claims;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>One filesystem that is open in this process, with a use count.</summary>
internal sealed class OpenFilesystem(MediaDevice device, IReadOnlyList<string> paths) : IDisposable
{
    private readonly RankedLock _readingLock = new(LockRank.ReadingAnew);
    private readonly List<MediaDevice> _replaced = [];
    private MediaDevice _device = device;
    private IReadOnlyList<string> _paths = paths;

    /// <summary>Its volumes, locked.</summary>
    public VolumeSet Volumes => Device.Volumes;

    /// <summary>Its tree.</summary>
    public MediaDevice Device => Volatile.Read(ref _device);

    /// <summary>Its volumes as the user named them; none when the caller had opened them.</summary>
    public IReadOnlyList<string> Paths => Volatile.Read(ref _paths);

    /// <summary>Has one more volume, at a path.</summary>
    public void AddPath(string path)
    {
        if (Paths.Count > 0) Volatile.Write(ref _paths, [.. Paths, path]);
    }

    /// <summary>Number of PFSs that use it. Guarded by <see cref="OpenFilesystems"/>.</summary>
    public int UsersTotal { get; set; } = 1;

    private VolumeSet Open(ReturnAccess access, out bool isOpenedAnew)
    {
        isOpenedAnew = false;
        var devices = new List<IBlockDevice>();
        foreach (Volume volume in Volumes.Volumes) devices.Add(volume.Device);
        try
        {
            return VolumeSet.Open(devices, new VolumeSetOptions(IsReadOnly: false));
        }
        catch (MediaException) when (Paths.Count > 0)
        {
            RefuseUnsettled();
            isOpenedAnew = true;
            // Not what was going to be a volume when power failed, and is none.
            string? left = Volumes.Joining?.Device.Name;
            return MediaSource.Open([.. Paths.Where(path => path != left)], access.Media,
                access.Loggers.CreateLogger<VolumeSet>());
        }
    }

    // What was sent over a connection that was lost must not change what is written from now on.
    private void RefuseUnsettled()
    {
        foreach (Volume volume in Volumes.Volumes)
        {
            if (volume.Device.Unsettled is { } why)
                throw new DeviceBusyException(volume.Device.Name, "is not opened anew: " + why);
        }
    }

    /// <summary>The block device that can be the source of a kernel mount (fuseblk); null for an image, a partition
    /// inside an image or disk, one opened read-only, and one that has such a mount.</summary>
    public FileBlockDevice? ClaimedDevice =>
        Device.RootVolume is FileBlockDevice { ClaimedPath: not null } claimed ? claimed : null;

    /// <summary>Reads the filesystem anew: from its devices as they are open, or else from those that have its names
    /// now.</summary>
    /// <param name="before">The reading that is given up; when another one is in use, nothing is done.</param>
    /// <param name="access">How devices are opened.</param>
    /// <param name="caches">Shared by the devices of the process.</param>
    /// <returns>False when it can still be written through that reading, or a write is under way there.</returns>
    /// <exception cref="MediaException">The devices do not answer, or hold another filesystem.</exception>
    public bool TryReadAnew(MediaDevice before, ReturnAccess access, MediaCaches caches)
    {
        using (_readingLock.EnterScope())
        {
            if (Device != before) return true;
            if (!before.TryRetire()) return false;
            ReadAnew(access, caches);
            return true;
        }
    }

    private void ReadAnew(ReturnAccess access, MediaCaches caches)
    {
        VolumeSet volumes = Open(access, out bool isOpenedAnew);
        if (volumes.FilesystemId != Volumes.FilesystemId)
        {
            if (isOpenedAnew) volumes.Dispose();
            throw new VolumeSetException(Volumes.Name, "it holds another filesystem now");
        }
        Device.Committer?.Upkeep.HandOver(volumes);
        // Operations that began before may still read the former one, whose devices are closed at the end.
        if (isOpenedAnew) _replaced.Add(Device);
        Volatile.Write(ref _device, new MediaDevice(volumes, caches, access.Loggers.CreateLogger<MediaDevice>()));
    }

    /// <summary>Has its devices, which were opened read-only, written from now on, and reads the filesystem anew as one
    /// that is written.</summary>
    /// <returns>False when it can be written already.</returns>
    /// <exception cref="MediaException">A device cannot be written; all are read-only as before then.</exception>
    public bool BeginWriting(ClaimOptions claims, ILoggerFactory loggers, MediaCaches caches)
    {
        using (_readingLock.EnterScope())
        {
            VolumeSet before = Volumes;
            if (!before.IsReadOnly) return false;
            before.BeginWriting();
            bool isDone = false;
            try
            {
                VolumeSet volumes = before.ReadForWriting(claims, loggers.CreateLogger<VolumeSet>());
                isDone = Device.TryRetire();
                // Operations that began before read the former one, of the same devices.
                if (isDone)
                    Volatile.Write(ref _device, new MediaDevice(volumes, caches, loggers.CreateLogger<MediaDevice>()));
                return isDone;
            }
            finally
            {
                if (!isDone) before.EndWriting();
            }
        }
    }

    /// <summary>Takes back <see cref="BeginWriting"/>, before anything was written.</summary>
    public void EndWriting() => Volumes.EndWriting();

    /// <summary>Closes the devices.</summary>
    public void Dispose()
    {
        Device.Dispose();
        foreach (MediaDevice replaced in _replaced) replaced.Dispose();
    }

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
