// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>A PFS in use, with the filesystems of its nodes.</summary>
public sealed class ClusterMount : IDisposable
{
    private readonly OpenFilesystems _owner;
    private readonly ILogger _logger;

    internal ClusterMount(OpenFilesystems owner, ILogger logger)
    {
        _owner = owner;
        _logger = logger;
    }

    /// <summary>The mounted PFS.</summary>
    public Pfs Pfs { get; private set; } = null!;

    /// <summary>The caches shared by its devices and those of other PFSs of the process.</summary>
    public MediaCaches Caches => _owner.Caches;

    /// <summary>The opened filesystems.</summary>
    public IReadOnlyList<MediaDevice> Devices => Filesystems.ConvertAll(filesystem => filesystem.Device);

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
    internal List<OpenFilesystem> Filesystems { get; } = [];

    /// <summary>
    /// Opens the filesystems of the specifications, one for each node, and opens the PFS. When there are several, one
    /// that cannot be opened is an absent node: it is reported, and the quorum decides. Nothing is shared with other
    /// PFSs.
    /// </summary>
    /// <param name="specs">At least one. Those that name a label must name the same.</param>
    /// <param name="options">Options.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <exception cref="MediaException">The only filesystem, or every one, cannot be opened.</exception>
    /// <exception cref="PfsException">The PFS cannot be opened.</exception>
    public static ClusterMount Open(
        IReadOnlyList<MountSpec> specs, ClusterMountOptions options, ILoggerFactory loggers) =>
        new OpenFilesystems(options.MemoryBytes).Mount(specs, options, loggers);

    /// <summary>Opens the PFS with a label on volumes that are open already.</summary>
    /// <exception cref="PfsException">The PFS cannot be opened.</exception>
    public static ClusterMount Open(
        IReadOnlyList<VolumeSet> filesystems, string label, ClusterMountOptions options,
        ILoggerFactory loggers) =>
        new OpenFilesystems(options.MemoryBytes).Mount(filesystems, label, options, loggers);

    /// <summary>Releases the claim of <see cref="ClaimedDevice"/>, so that the kernel can claim it for a mount. When
    /// this PFS is closed and others still use the device, it is claimed again.</summary>
    /// <returns>False when it could not be done; the claim is still held then.</returns>
    /// <exception cref="DeviceBusyException">Another process opened the device meanwhile.</exception>
    public bool LendClaim() => Filesystems.Count > 0 && Filesystems[0].LendClaim(this);

    /// <summary>Claims the device again after a failed mount; logs a warning when that fails.</summary>
    public void TakeBackClaim()
    {
        if (Filesystems[0].LentTo == this) Filesystems[0].TakeBackClaim(_logger);
    }

    /// <summary>Closes the PFS, and the filesystems that no other PFS uses. Uncommitted changes are lost.</summary>
    public void Dispose()
    {
        Pfs?.Writer?.Dispose();
        _owner.Release(this, _logger);
        Filesystems.Clear();
    }

    internal void Use(IReadOnlyList<PfsEntry> members, Pfs pfs) => (Members, Pfs) = (members, pfs);
}
