// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Chains;
using Hammer2.Devices;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>How the nodes of a PFS are opened.</summary>
/// <param name="Media">How their devices are opened.</param>
/// <param name="MemoryBytes">Bound of all caches together, in bytes.</param>
/// <param name="AllowDegraded">Show the best node there is when no quorum of masters can be had.</param>
/// <param name="Masters">How many masters the cluster has, for nodes that do not say.</param>
public sealed record ClusterMountOptions(
    MediaSourceOptions Media, long MemoryBytes = MediaCaches.DefaultBytes, bool AllowDegraded = false,
    int? Masters = null)
{
    /// <summary>Finds another node of a cluster among devices that were not named; null when that is not looked
    /// for.</summary>
    public SiblingSearch? Siblings { get; init; }

    internal PfsOpenOptions ForPfs => new(AllowDegraded, Masters, Siblings is null ? null : Siblings.Find);
}

/// <summary>A PFS with everything that was opened for it, closed together.</summary>
public sealed class ClusterMount : IDisposable
{
    private readonly MountTable _table;

    private ClusterMount(MountTable table, MediaCaches caches)
    {
        _table = table;
        Caches = caches;
    }

    /// <summary>The mounted PFS.</summary>
    public Pfs Pfs { get; private set; } = null!;

    /// <summary>The memory that its devices share.</summary>
    public MediaCaches Caches { get; }

    /// <summary>The opened filesystems.</summary>
    public IReadOnlyList<MediaDevice> Devices => _table.Devices;

    /// <summary>The damage met last on any of them, with its location; null when there was none.</summary>
    public string? LastFault
    {
        get
        {
            string? last = null;
            foreach (MediaDevice device in _table.Devices) last = device.Faults.LastFault ?? last;
            return last;
        }
    }

    /// <summary>The block special whose claim a mount of the kernel's may take over: the root volume of the first
    /// node; null when that is an image, a partition inside an image or disk, or only read.</summary>
    public FileBlockDevice? ClaimedDevice => _table.Devices.Count > 0
        && _table.Devices[0].RootVolume is FileBlockDevice { ClaimedPath: not null } claimed ? claimed : null;

    /// <summary>
    /// Opens the filesystems that the specifications name, one a node, and puts the PFS together. When there
    /// are several, one that cannot be opened is a node that is missing: it is reported, and the quorum
    /// decides.
    /// </summary>
    /// <param name="specs">At least one. Those that name a label must name the same.</param>
    /// <param name="options">How to open.</param>
    /// <param name="loggers">Where reports go.</param>
    /// <exception cref="MediaException">The only filesystem, or every one, cannot be opened.</exception>
    /// <exception cref="PfsException">The PFS cannot be put together.</exception>
    public static ClusterMount Open(
        IReadOnlyList<MountSpec> specs, ClusterMountOptions options, ILoggerFactory loggers)
    {
        ArgumentOutOfRangeException.ThrowIfZero(specs.Count);
        string label = CommonLabel(specs);
        var mount = new ClusterMount(
            new MountTable(loggers.CreateLogger<MountTable>()), new MediaCaches(options.MemoryBytes));
        try
        {
            mount.OpenDevices(specs, options.Media, loggers);
            mount.Pfs = mount._table.Open(label, options.ForPfs);
        }
        catch (Exception refusal) when (refusal is PfsException or MediaException)
        {
            mount.Dispose();
            throw;
        }
        return mount;
    }

    /// <summary>Puts the PFS with a label together from volumes that are open already.</summary>
    /// <exception cref="PfsException">The PFS cannot be put together.</exception>
    public static ClusterMount Open(
        IReadOnlyList<VolumeSet> filesystems, string label, ClusterMountOptions options,
        ILoggerFactory loggers)
    {
        var mount = new ClusterMount(
            new MountTable(loggers.CreateLogger<MountTable>()), new MediaCaches(options.MemoryBytes));
        try
        {
            foreach (VolumeSet volumes in filesystems) mount.AddDevice(volumes, loggers);
            mount.Pfs = mount._table.Open(label, options.ForPfs);
        }
        catch (PfsException)
        {
            mount.Dispose();
            throw;
        }
        return mount;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Pfs?.Writer?.Dispose();
        foreach (MediaDevice device in _table.Devices) device.Dispose();
    }

    private static string CommonLabel(IReadOnlyList<MountSpec> specs)
    {
        string? label = null;
        foreach (MountSpec spec in specs)
        {
            if (spec.Label is null) continue;
            label ??= spec.Label;
            if (label != spec.Label)
                throw new PfsException($"the nodes name two labels, {label} and {spec.Label}");
        }
        return label ?? MountSpec.DefaultLabel;
    }

    private void OpenDevices(
        IReadOnlyList<MountSpec> specs, MediaSourceOptions options, ILoggerFactory loggers)
    {
        ILogger logger = loggers.CreateLogger<VolumeSet>();
        MediaException? refusal = null;
        foreach (MountSpec spec in specs)
        {
            try
            {
                AddDevice(MediaSource.Open(spec.Paths, options, logger), loggers);
            }
            catch (MediaException missing) when (specs.Count > 1)
            {
                refusal ??= missing;
                _table.AddMissing(string.Join(':', spec.Paths), missing.Message);
            }
        }
        if (_table.Devices.Count == 0) throw refusal!;
    }

    private void AddDevice(VolumeSet volumes, ILoggerFactory loggers)
    {
        var device = new MediaDevice(volumes, Caches, loggers.CreateLogger<MediaDevice>());
        try
        {
            _table.Add(device);
        }
        catch (PfsException)
        {
            device.Dispose();
            throw;
        }
    }
}
