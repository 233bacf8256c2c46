// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Devices;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <content>PFSs in use that begin to be written.</content>
public sealed partial class OpenFilesystems
{
    /// <summary>Prepares a PFS that was opened for reading to be opened for writing: its devices are written from now
    /// on, absent nodes are looked for, and who votes is decided as for a mount for writing. It is read
    /// meanwhile as before.</summary>
    /// <param name="mount">The PFS; one that can be written already stays as it is.</param>
    /// <param name="options">Options, as for a mount for writing.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <exception cref="MediaException">A device cannot be written.</exception>
    /// <exception cref="PfsException">It cannot be opened, or its nodes hold another state than the one that is
    /// shown.</exception>
    /// <remarks>After an exception everything is as before.</remarks>
    public void BeginWriting(ClusterMount mount, ClusterMountOptions options, ILoggerFactory loggers)
    {
        if (mount.Pfs.Writer is not null) return;
        var begun = new List<OpenFilesystem>();
        var found = new List<OpenFilesystem>();
        bool isDone = false;
        try
        {
            foreach (OpenFilesystem filesystem in mount.Filesystems) BeginWriting(filesystem, begun, options, loggers);
            var table = new MountTable(loggers.CreateLogger<MountTable>());
            foreach (OpenFilesystem filesystem in mount.Filesystems) table.Add(filesystem.Device);
            AddAbsent(mount, table, found, options, loggers);
            Decide(mount, table, options);
            isDone = true;
        }
        finally
        {
            if (!isDone) TakeBack(mount, begun, found);
        }
    }

    private void BeginWriting(OpenFilesystem filesystem, List<OpenFilesystem> begun, ClusterMountOptions options,
        ILoggerFactory loggers)
    {
        if (!filesystem.BeginWriting(options.Media.Claims, loggers, Caches)) return;
        begun.Add(filesystem);
        Opened?.Invoke(filesystem.Volumes);
    }

    private void AddAbsent(ClusterMount mount, MountTable table, List<OpenFilesystem> found,
        ClusterMountOptions options, ILoggerFactory loggers)
    {
        ILogger logger = loggers.CreateLogger<VolumeSet>();
        foreach (NodeMember member in mount.Pfs.View.Members)
        {
            if (member is not AbsentNode absent) continue;
            try
            {
                OpenFilesystem filesystem = TryShare(absent.Paths, options.Media)
                    ?? Open(MediaSource.Open(absent.Paths, options.Media, logger), absent.Paths, loggers);
                found.Add(filesystem);
                Use(mount, table, filesystem);
            }
            catch (MediaException missing)
            {
                table.AddMissing(absent.Paths, missing.Message);
            }
        }
    }

    private void Decide(ClusterMount mount, MountTable table, ClusterMountOptions options)
    {
        string label = ByteText.Decode(mount.Pfs.Label.Span);
        IReadOnlyList<PfsEntry> members = table.MembersOf(label);
        RefuseUsed(label, members, mount);
        using IDisposable claim = EndViews(label, members);
        Pfs decided = table.Open(label, options.ForPfs);
        if (!mount.Pfs.TryAdopt(decided))
        {
            throw new PfsNotWritableException($"PFS {label}: its nodes hold another commit than the one that is "
                + "mounted; unmount it, and mount it again");
        }
        mount.Use(members, mount.Pfs);
    }

    private void TakeBack(ClusterMount mount, List<OpenFilesystem> begun, List<OpenFilesystem> found)
    {
        foreach (OpenFilesystem filesystem in found)
        {
            mount.Remove(filesystem);
            if (EndUse(filesystem, unlessShared: false)) Close(filesystem);
        }
        foreach (OpenFilesystem filesystem in begun)
        {
            Closing?.Invoke(filesystem.Volumes);
            filesystem.EndWriting();
        }
    }
}
