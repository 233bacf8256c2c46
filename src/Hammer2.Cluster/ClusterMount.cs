// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>How the nodes of a PFS are opened.</summary>
/// <param name="Media">How their devices are opened.</param>
/// <param name="MemoryBytes">Bound of all caches together, in bytes, where they are not shared.</param>
/// <param name="AllowDegraded">Show the best node there is when no quorum of masters can be had.</param>
/// <param name="Masters">How many masters the cluster has, for nodes that do not say.</param>
public sealed record ClusterMountOptions(
    MediaSourceOptions Media, long MemoryBytes = MediaCaches.DefaultBytes, bool AllowDegraded = false,
    int? Masters = null)
{
    /// <summary>Finds another node of a cluster among devices that were not named; null when that is not looked
    /// for.</summary>
    public SiblingSearch? Siblings { get; init; }

    /// <summary>True when a node of several whose device another process uses is missing; false to refuse the mount,
    /// for a caller that tries again.</summary>
    public bool IsBusyMissing { get; init; } = true;

    internal PfsOpenOptions ForPfs => new(AllowDegraded, Masters, Siblings is null ? null : Siblings.Find);
}

/// <summary>A PFS in use, with the filesystems that its nodes lie on.</summary>
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

    /// <summary>The memory that its devices share, with those of other PFSs of the process too.</summary>
    public MediaCaches Caches => _owner.Caches;

    /// <summary>The opened filesystems.</summary>
    public IReadOnlyList<MediaDevice> Devices => Filesystems.ConvertAll(filesystem => filesystem.Device);

    /// <summary>The damage met last on any of them, with its location; null when there was none.</summary>
    public string? LastFault
    {
        get
        {
            string? last = null;
            foreach (OpenFilesystem filesystem in Filesystems) last = filesystem.Device.Faults.LastFault ?? last;
            return last;
        }
    }

    /// <summary>The block device whose claim a mount of the kernel's may take over: the root volume of the first
    /// node; null when that is an image, a partition inside an image or disk, only read, or has such a mount.</summary>
    public FileBlockDevice? ClaimedDevice => Filesystems.Count > 0 ? Filesystems[0].ClaimedDevice : null;

    /// <summary>Its nodes that are there. While it is being opened: none.</summary>
    internal IReadOnlyList<PfsEntry> Members { get; private set; } = [];

    /// <summary>What its nodes lie on, each counted as used by it.</summary>
    internal List<OpenFilesystem> Filesystems { get; } = [];

    /// <summary>
    /// Opens the filesystems that the specifications name, one a node, and puts the PFS together. When there
    /// are several, one that cannot be opened is a node that is missing: it is reported, and the quorum
    /// decides. Nothing is shared with other PFSs.
    /// </summary>
    /// <param name="specs">At least one. Those that name a label must name the same.</param>
    /// <param name="options">How to open.</param>
    /// <param name="loggers">Where reports go.</param>
    /// <exception cref="MediaException">The only filesystem, or every one, cannot be opened.</exception>
    /// <exception cref="PfsException">The PFS cannot be put together.</exception>
    public static ClusterMount Open(
        IReadOnlyList<MountSpec> specs, ClusterMountOptions options, ILoggerFactory loggers) =>
        new OpenFilesystems(options.MemoryBytes).Mount(specs, options, loggers);

    /// <summary>Puts the PFS with a label together from volumes that are open already.</summary>
    /// <exception cref="PfsException">The PFS cannot be put together.</exception>
    public static ClusterMount Open(
        IReadOnlyList<VolumeSet> filesystems, string label, ClusterMountOptions options,
        ILoggerFactory loggers) =>
        new OpenFilesystems(options.MemoryBytes).Mount(filesystems, label, options, loggers);

    /// <summary>Releases the claim of <see cref="ClaimedDevice"/>, so that the kernel can take it for a mount. When
    /// this PFS is closed and others go on to use the device, the claim is taken again.</summary>
    /// <returns>False when it could not be done; the claim is still held then.</returns>
    /// <exception cref="DeviceBusyException">Another process opened the device meanwhile.</exception>
    public bool LendClaim() => Filesystems.Count > 0 && Filesystems[0].LendClaim(this);

    /// <summary>Takes the claim again after a mount that was not made; without it a warning is logged.</summary>
    public void TakeBackClaim()
    {
        if (Filesystems[0].LentTo == this) Filesystems[0].TakeBackClaim(_logger);
    }

    /// <summary>Closes the PFS, and the filesystems that no other PFS uses. What was not committed is lost.</summary>
    public void Dispose()
    {
        Pfs?.Writer?.Dispose();
        _owner.Release(this, _logger);
        Filesystems.Clear();
    }

    internal void Use(IReadOnlyList<PfsEntry> members, Pfs pfs) => (Members, Pfs) = (members, pfs);
}
