// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Concurrency;
using Hammer2.Chains;
using Hammer2.Cluster.Members;
using Hammer2.Devices;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>A PFS in use, with the filesystems of its nodes.</summary>
public sealed class ClusterMount : IDisposable
{
    private readonly Action<ClusterMount> _release;
    private readonly ILogger _logger;
    private IDisposable? _returns;

    /// <summary>A PFS that is being opened.</summary>
    /// <param name="caches">Shared by the devices of a process.</param>
    /// <param name="release">Ends the use of its filesystems.</param>
    /// <param name="logger">Receives messages.</param>
    internal ClusterMount(MediaCaches caches, Action<ClusterMount> release, ILogger logger)
    {
        Caches = caches;
        _release = release;
        _logger = logger;
    }

    /// <summary>Changes the nodes of its cluster; null for a PFS that is not written, or whose nodes are not looked
    /// after.</summary>
    public IClusterMembers? MembersAccess { get; private set; }

    /// <summary>Held while nodes come and go.</summary>
    internal RankedLock NodesLock { get; } = new(LockRank.NodesOfMount);

    /// <summary>The mounted PFS.</summary>
    public Pfs Pfs { get; private set; } = null!;

    /// <summary>The caches shared by its devices and those of other PFSs of the process.</summary>
    public MediaCaches Caches { get; }

    /// <summary>The opened filesystems.</summary>
    public IReadOnlyList<MediaDevice> Devices => Filesystems.ConvertAll(static filesystem => filesystem.Device);

    /// <summary>True when this process may write to one of the filesystems, through this PFS or another one.</summary>
    public bool HasWritableDevices => Filesystems.Exists(filesystem => !filesystem.Volumes.IsReadOnly);

    /// <summary>True when it is written, or seems to be such that it can be while no other process uses its
    /// devices.</summary>
    public bool CanBeWritten => Filesystems.TrueForAll(
        static filesystem => filesystem.Volumes.Volumes.All(static volume => volume.Device.CanBeWritten));

    /// <summary>True when one of its devices is an export of a server.</summary>
    public bool HasRemoteDevices => Filesystems.Exists(static filesystem =>
        filesystem.Volumes.Volumes.Any(static volume => DeviceOpener.IsRemote(volume.Device.Name)));

    /// <summary>The last damage found on any of them, with its location; null when there was none.</summary>
    public string? LastFault
    {
        get
        {
            string? last = null;
            foreach (OpenFilesystem filesystem in Filesystems) last = filesystem.Device.Faults.LastFault ?? last;
            return last;
        }
    }

    /// <summary>The block device whose claim may be passed to a kernel mount (fuseblk): the root volume of the first
    /// node; null when that is an image, a partition inside an image or disk, opened read-only, or has such a
    /// mount.</summary>
    public FileBlockDevice? ClaimedDevice => Filesystems.Count > 0 ? Filesystems[0].ClaimedDevice : null;

    /// <summary>Its nodes that are present; none while it is being opened.</summary>
    internal IReadOnlyList<PfsEntry> Members { get; private set; } = [];

    /// <summary>The filesystems of its nodes, each with a use count that includes this PFS.</summary>
    internal ImmutableList<OpenFilesystem> Filesystems { get; private set; } = [];

    /// <summary>The one of them whose device is claimed by the kernel's mount of this PFS; null while this process
    /// claims it.</summary>
    internal OpenFilesystem? Lent { get; private set; }

    /// <summary>Releases the claim of <see cref="ClaimedDevice"/>, so that the kernel can claim it for a mount. When
    /// this PFS is closed and others still use the device, it is claimed again.</summary>
    /// <returns>False when it could not be done; the claim is still held then.</returns>
    /// <exception cref="DeviceBusyException">Another process opened the device meanwhile.</exception>
    public bool LendClaim()
    {
        if (Filesystems.Count == 0 || !Filesystems[0].TryReleaseClaim()) return false;
        Lent = Filesystems[0];
        return true;
    }

    /// <summary>Claims the device again after a failed mount; logs a warning when that fails.</summary>
    public void TakeBackClaim()
    {
        if (Lent is not { } filesystem) return;
        Lent = null;
        filesystem.RenewClaim(_logger);
    }

    /// <summary>Closes the PFS, and the filesystems that no other PFS uses. Uncommitted changes are lost.</summary>
    public void Dispose()
    {
        _returns?.Dispose();
        Pfs?.Writer?.Dispose();
        _release(this);
        Filesystems = [];
    }

    /// <summary>Has something that looks for its nodes end before it is closed.</summary>
    /// <param name="returns">Looks for them.</param>
    /// <param name="members">Changes them.</param>
    internal void Keep(IDisposable returns, IClusterMembers members) => (_returns, MembersAccess) = (returns, members);

    /// <summary>Uses one more filesystem.</summary>
    internal void Add(OpenFilesystem filesystem) => Filesystems = Filesystems.Add(filesystem);

    /// <summary>Uses one filesystem less.</summary>
    internal void Remove(OpenFilesystem filesystem) => Filesystems = Filesystems.Remove(filesystem);

    /// <summary>Counts a node that returned among its members.</summary>
    internal void Add(PfsEntry member)
    {
        var members = new List<PfsEntry>(Members);
        _ = members.RemoveAll(other => other.NodeId == member.NodeId && other.Device.Name == member.Device.Name);
        Members = [.. members, member];
    }

    /// <summary>Counts a node that left among its members no more.</summary>
    internal void RemoveMember(PfsEntry member)
    {
        var members = new List<PfsEntry>(Members);
        _ = members.RemoveAll(other => other.NodeId == member.NodeId && other.Device.Name == member.Device.Name);
        Members = members;
    }

    /// <summary>The filesystem with an id; null when it uses none with it.</summary>
    internal OpenFilesystem? FilesystemOf(MediaUuid filesystemId) =>
        Filesystems.Find(one => one.Volumes.FilesystemId == filesystemId);

    internal void Use(IReadOnlyList<PfsEntry> members, Pfs pfs) => (Members, Pfs) = (members, pfs);
}
