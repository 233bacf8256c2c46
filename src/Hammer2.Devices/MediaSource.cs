// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices.Claims;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices;

/// <summary>
/// Opens filesystems from the names of devices: opens and locks them, finds volumes in partitions, and joins
/// the volumes of one filesystem.
/// </summary>
public static class MediaSource
{
    /// <summary>Opens the volumes of one filesystem, given in any order.</summary>
    /// <param name="paths">Image files, block devices or remote devices; at least one.</param>
    /// <param name="options">Access mode, locking, and where on the device the volume is.</param>
    /// <param name="logger">Receives warnings about faults that did not prevent opening.</param>
    /// <exception cref="MediaException">A device cannot be opened, is in use, holds no HAMMER2 volume, or
    /// the devices do not make one filesystem. Nothing stays open.</exception>
    public static VolumeSet Open(IReadOnlyList<string> paths, MediaSourceOptions options, ILogger logger)
    {
        List<VolumeSetMember> members = OpenMembers(paths, options, logger);
        try
        {
            return Assemble(members, options, logger);
        }
        catch (MediaException)
        {
            Close(members);
            throw;
        }
    }

    /// <summary>
    /// Opens the volumes of several filesystems, given in any order: those whose headers have the same filesystem id
    /// are joined. The nodes of a cluster are opened this way.
    /// </summary>
    /// <returns>The filesystems, in the order in which the first volume of each was given.</returns>
    /// <exception cref="MediaException">As for <see cref="Open"/>; nothing stays open.</exception>
    public static IReadOnlyList<VolumeSet> OpenAll(
        IReadOnlyList<string> paths, MediaSourceOptions options, ILogger logger)
    {
        List<VolumeSetMember> members = OpenMembers(paths, options, logger);
        var sets = new List<VolumeSet>();
        try
        {
            foreach (List<VolumeSetMember> group in Group(members))
                sets.Add(Assemble(group, options, logger));
            return sets;
        }
        catch (MediaException)
        {
            Close(members);
            throw;
        }
    }

    private static VolumeSet Assemble(
        List<VolumeSetMember> members, MediaSourceOptions options, ILogger logger)
    {
        VolumeSet set = VolumeSet.Assemble(
            members, new VolumeSetOptions(options.IsReadOnly, options.AcceptsShortDevices));
        foreach (string note in set.Notes)
            DevicesLog.Note(logger, note);
        DevicesLog.Opened(logger, set.Name, set.Volumes.Count, set.TotalBytes, set.Header.CopyIndex,
            set.Header.Fields.MirrorTid);
        return set;
    }

    private static List<VolumeSetMember> OpenMembers(
        IReadOnlyList<string> paths, MediaSourceOptions options, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfZero(paths.Count);
        RefuseSameDevice(paths);
        var members = new List<VolumeSetMember>(paths.Count);
        try
        {
            foreach (string path in paths)
                members.Add(OpenMember(path, options, logger));
            return members;
        }
        catch (MediaException)
        {
            Close(members);
            throw;
        }
    }

    private static VolumeSetMember OpenMember(string path, MediaSourceOptions options, ILogger logger)
    {
        var fileOptions = new FileBlockDeviceOptions(
            options.IsReadOnly, options.TakesLock, options.LockWaitMilliseconds)
        {
            SystemDirectory = options.SystemDirectory,
        };
        IBlockDevice whole = DeviceOpener.Open(path, fileOptions, logger);
        try
        {
            IBlockDevice device = PartitionChoice.Choose(whole, options);
            VolumeHeaderCopies copies = VolumeHeaderCopies.Read(device);
            if (device != whole)
                DevicesLog.PartitionSelected(logger, path, device.Name);
            MediaUuid filesystemId = copies.Newest.Fields.FilesystemId;
            if (!DeviceOpener.IsRemote(path))
            {
                if (!options.IsReadOnly) VolumeMarks.RefuseRemote(device, filesystemId, options.Claims, logger);
                return new VolumeSetMember(device, copies);
            }
            var claimed = new ClaimedBlockDevice(device, filesystemId, options.Claims, logger);
            whole = claimed;
            if (options.IsReadOnly) return new VolumeSetMember(claimed, copies);
            claimed.Claim();
            // Another writer may have gone on until the claim was there.
            return new VolumeSetMember(claimed, VolumeHeaderCopies.Read(claimed));
        }
        catch (MediaException)
        {
            whole.Dispose();
            throw;
        }
    }

    // Without this the second open would fail on the lock of the first, with a misleading message.
    private static void RefuseSameDevice(IReadOnlyList<string> paths)
    {
        var seen = new Dictionary<DeviceIdentity, string>();
        foreach (string path in paths)
        {
            if (DeviceOpener.Identify(path) is not { } identity)
                continue; // opening it will report the error
            if (seen.TryGetValue(identity, out string? first))
            {
                throw new VolumeSetException(
                    path, $"the same device as {first}; each volume must be given once");
            }
            seen.Add(identity, path);
        }
    }

    private static List<List<VolumeSetMember>> Group(List<VolumeSetMember> members)
    {
        var groups = new List<List<VolumeSetMember>>();
        var byFilesystem = new Dictionary<MediaUuid, List<VolumeSetMember>>();
        foreach (VolumeSetMember member in members)
        {
            MediaUuid key = member.Fields.FilesystemId;
            if (!byFilesystem.TryGetValue(key, out List<VolumeSetMember>? group))
            {
                group = [];
                groups.Add(group);
                byFilesystem.Add(key, group);
            }
            group.Add(member);
        }
        return groups;
    }

    private static void Close(List<VolumeSetMember> members)
    {
        foreach (VolumeSetMember member in members)
            member.Device.Dispose();
    }
}
