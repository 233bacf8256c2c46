// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices;

/// <summary>
/// From paths that a person gives to filesystems that can be read: opens and locks image files and block
/// devices, looks into partition tables, and joins what belongs together.
/// </summary>
public static class MediaSource
{
    /// <summary>Opens the volumes of one filesystem, given in any order.</summary>
    /// <param name="paths">Image files or block specials; at least one.</param>
    /// <param name="options">For reading or writing, locked or not, and where to look.</param>
    /// <param name="logger">Gets what was not as it should be but did not prevent opening.</param>
    /// <exception cref="MediaException">A device cannot be opened, is in use, holds no HAMMER2 volume, or
    /// the devices do not make one filesystem. Nothing stays open.</exception>
    public static VolumeSet Open(IReadOnlyList<string> paths, MediaSourceOptions options, ILogger logger)
    {
        List<VolumeSetChecks.Member> members = OpenMembers(paths, options, logger);
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
    /// Opens the volumes of several filesystems, given in any order and any mixture: those whose headers
    /// have the same filesystem id are joined. A cluster's nodes are given this way.
    /// </summary>
    /// <returns>The filesystems, in the order in which the first volume of each was given.</returns>
    /// <exception cref="MediaException">As for <see cref="Open"/>; nothing stays open.</exception>
    public static IReadOnlyList<VolumeSet> OpenAll(
        IReadOnlyList<string> paths, MediaSourceOptions options, ILogger logger)
    {
        List<VolumeSetChecks.Member> members = OpenMembers(paths, options, logger);
        var sets = new List<VolumeSet>();
        try
        {
            foreach (List<VolumeSetChecks.Member> group in Group(members))
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
        List<VolumeSetChecks.Member> members, MediaSourceOptions options, ILogger logger)
    {
        VolumeSet set = VolumeSet.Assemble(
            members, new VolumeSetOptions(options.IsReadOnly, options.AcceptsShortDevices));
        foreach (string note in set.Notes)
            DevicesLog.Note(logger, note);
        DevicesLog.Opened(logger, set.Name, set.Volumes.Count, set.TotalBytes, set.Header.CopyIndex,
            set.Header.Fields.MirrorTid);
        return set;
    }

    private static List<VolumeSetChecks.Member> OpenMembers(
        IReadOnlyList<string> paths, MediaSourceOptions options, ILogger logger)
    {
        ArgumentOutOfRangeException.ThrowIfZero(paths.Count);
        RefuseSameDevice(paths);
        var members = new List<VolumeSetChecks.Member>(paths.Count);
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

    private static VolumeSetChecks.Member OpenMember(string path, MediaSourceOptions options, ILogger logger)
    {
        var fileOptions = new FileBlockDeviceOptions(
            options.IsReadOnly, options.TakesLock, options.LockWaitMilliseconds)
        {
            SystemDirectory = options.SystemDirectory,
        };
        FileBlockDevice whole = FileBlockDevice.Open(path, fileOptions);
        if (whole.LockNote is { } note) DevicesLog.Note(logger, note);
        try
        {
            IBlockDevice device = PartitionChoice.Choose(whole, options);
            var member = new VolumeSetChecks.Member(device, VolumeHeaderCopies.Read(device));
            if (device != whole)
                DevicesLog.PartitionTaken(logger, path, device.Name);
            return member;
        }
        catch (MediaException)
        {
            whole.Dispose();
            throw;
        }
    }

    // Without this the second open would be refused by the lock of the first, which explains nothing.
    private static void RefuseSameDevice(IReadOnlyList<string> paths)
    {
        var seen = new Dictionary<DeviceIdentity, string>();
        foreach (string path in paths)
        {
            if (!LinuxBlockIoctls.TryStat(path, out FileStatus status))
                continue; // opening it will say why
            if (seen.TryGetValue(status.Identity, out string? first))
            {
                throw new VolumeSetException(
                    path, $"the same device as {first}; each volume must be given once");
            }
            seen.Add(status.Identity, path);
        }
    }

    private static List<List<VolumeSetChecks.Member>> Group(List<VolumeSetChecks.Member> members)
    {
        var groups = new List<List<VolumeSetChecks.Member>>();
        var byFilesystem = new Dictionary<MediaUuid, List<VolumeSetChecks.Member>>();
        foreach (VolumeSetChecks.Member member in members)
        {
            MediaUuid key = member.Fields.FilesystemId;
            if (!byFilesystem.TryGetValue(key, out List<VolumeSetChecks.Member>? group))
            {
                group = [];
                groups.Add(group);
                byFilesystem.Add(key, group);
            }
            group.Add(member);
        }
        return groups;
    }

    private static void Close(List<VolumeSetChecks.Member> members)
    {
        foreach (VolumeSetChecks.Member member in members)
            member.Device.Dispose();
    }
}
