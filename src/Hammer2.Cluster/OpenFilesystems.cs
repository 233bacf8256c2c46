// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Chains;
using Hammer2.Cluster.Members;
using Hammer2.Cluster.Returns;
using Hammer2.Cluster.Views;
using Hammer2.Devices;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>
/// The filesystems that are open in one process and the PFSs in use on them. PFSs on one filesystem share its devices
/// with their locks and caches; a filesystem is closed with the last PFS on it.
/// </summary>
/// <remarks>One caller at a time opens PFSs. They may be closed at any time, by other threads.</remarks>
public sealed partial class OpenFilesystems : IFilesystemOpener
{
    private readonly RankedLock _usersLock = new(LockRank.OpenFilesystems);
    private readonly List<OpenFilesystem> _filesystems = [];
    private readonly List<ClusterMount> _mounts = [];

    /// <summary>An empty set.</summary>
    /// <param name="memoryBytes">Limit of all caches together, in bytes.</param>
    public OpenFilesystems(long memoryBytes = MediaCaches.DefaultBytes) => Caches = new MediaCaches(memoryBytes);

    /// <summary>The caches shared by all of them.</summary>
    public MediaCaches Caches { get; }

    /// <summary>The PFSs that are read on them beside those in use.</summary>
    public PfsViews Views { get; } = new();

    /// <summary>Called when a filesystem was opened and is locked, before anything of it is used.</summary>
    public Action<VolumeSet>? Opened { get; init; }

    /// <summary>Called before a filesystem is closed, while it is still locked.</summary>
    public Action<VolumeSet>? Closing { get; init; }

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
    public static ClusterMount MountAlone(
        IReadOnlyList<MountSpec> specs, ClusterMountOptions options, ILoggerFactory loggers) =>
        new OpenFilesystems(options.MemoryBytes).Mount(specs, options, loggers);

    /// <summary>Opens the PFS with a label on volumes that are open already and that no other PFS uses.</summary>
    /// <exception cref="PfsException">The PFS cannot be opened.</exception>
    public static ClusterMount MountAlone(
        IReadOnlyList<VolumeSet> filesystems, string label, ClusterMountOptions options,
        ILoggerFactory loggers) =>
        new OpenFilesystems(options.MemoryBytes).Mount(filesystems, label, options, loggers);

    /// <summary>True when one of the specifications names a filesystem that is open for writing.</summary>
    /// <param name="specs">The specifications.</param>
    /// <param name="media">The location of the filesystems on the devices.</param>
    public bool HasWritable(IReadOnlyList<MountSpec> specs, MediaSourceOptions media)
    {
        foreach (MountSpec spec in specs)
        {
            HashSet<DeviceIdentity> wanted = Identify(spec.Paths, media);
            using (_usersLock.EnterScope())
            {
                if (_filesystems.Exists(one => !one.Volumes.IsReadOnly && one.IsAnyOf(wanted))) return true;
            }
        }
        return false;
    }

    /// <summary>
    /// Opens the PFS of the specifications: filesystems that are open already are shared, the others are opened. When
    /// there are several nodes, one that cannot be opened is absent: it is reported, and the quorum decides.
    /// </summary>
    /// <param name="specs">At least one. Those that name a label must name the same.</param>
    /// <param name="options">Options.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <exception cref="MediaException">The only filesystem, or every one, cannot be opened.</exception>
    /// <exception cref="PfsInUseException">The PFS, or another node of its cluster, is in use here.</exception>
    /// <exception cref="PfsException">The PFS cannot be opened.</exception>
    public ClusterMount Mount(IReadOnlyList<MountSpec> specs, ClusterMountOptions options, ILoggerFactory loggers)
    {
        ArgumentOutOfRangeException.ThrowIfZero(specs.Count);
        string? label = CommonLabel(specs);
        return Mount(label, options, loggers, (mount, table) => OpenNodes(mount, table, specs, options, loggers));
    }

    /// <summary>Opens the PFS with a label on volumes that are open already, which are closed with it.</summary>
    /// <exception cref="PfsException">The PFS cannot be opened.</exception>
    public ClusterMount Mount(
        IReadOnlyList<VolumeSet> volumes, string label, ClusterMountOptions options, ILoggerFactory loggers)
    {
        return Mount(label, options, loggers, (mount, table) =>
        {
            foreach (VolumeSet set in volumes) Use(mount, table, Open(set, [], loggers));
        });
    }

    /// <summary>Opens another PFS on the filesystems of one that is open.</summary>
    /// <exception cref="PfsInUseException">The PFS, or another node of its cluster, is in use here.</exception>
    /// <exception cref="PfsException">The PFS cannot be opened.</exception>
    public ClusterMount MountBeside(
        ClusterMount open, string label, ClusterMountOptions options, ILoggerFactory loggers)
    {
        return Mount(label, options, loggers, (mount, table) =>
        {
            foreach (OpenFilesystem filesystem in open.Filesystems)
            {
                using (_usersLock.EnterScope()) filesystem.UsersTotal++;
                Use(mount, table, filesystem);
            }
        });
    }

    /// <summary>Ends the use of filesystems by a PFS: those that no other PFS uses are closed. If a mount of this PFS
    /// had the kernel's claim of a device, the device is claimed again for the others.</summary>
    private void Release(ClusterMount mount)
    {
        // Before the use count is decremented: a mount of the same PFS that waits for this one can then use the claim.
        foreach (OpenFilesystem filesystem in mount.Filesystems)
            if (mount.Lent == filesystem && IsShared(filesystem)) mount.TakeBackClaim();
        using (_usersLock.EnterScope())
        {
            _ = _mounts.Remove(mount);
            foreach (OpenFilesystem filesystem in mount.Filesystems) NameUsers(filesystem);
        }
        foreach (OpenFilesystem filesystem in mount.Filesystems)
        {
            bool isLast = EndUse(filesystem, unlessShared: mount.Lent == filesystem);
            if (!isLast && mount.Lent == filesystem)
            {
                mount.TakeBackClaim();
                isLast = EndUse(filesystem, unlessShared: false);
            }
            if (!isLast) continue;
            Close(filesystem);
        }
    }

    private void Close(OpenFilesystem filesystem)
    {
        Closing?.Invoke(filesystem.Volumes);
        filesystem.Dispose();
    }

    /// <summary>Has the nodes of a PFS that is written awaited, when they are fenced or absent, and resynchronized when
    /// they are back.</summary>
    /// <param name="mount">The PFS.</param>
    /// <param name="media">How its devices are opened.</param>
    /// <param name="loggers">Receive messages.</param>
    /// <param name="scheduler">Starts the thread that looks for them.</param>
    public void AwaitNodes(
        ClusterMount mount, MediaSourceOptions media, ILoggerFactory loggers, IScheduler scheduler)
    {
        var access = new ReturnAccess(media, loggers);
        mount.Keep(new NodeReturns(mount, this, access, scheduler),
            new ClusterMembers(mount, this, access, TimeProvider.System, SystemRandom.NextBits));
    }

    OpenFilesystem IFilesystemOpener.OpenFor(ClusterMount user, IReadOnlyList<string> paths, ReturnAccess access)
    {
        OpenFilesystem filesystem = TryShare(paths, access.Media)
            ?? Open(MediaSource.Open(paths, access.Media, access.Loggers.CreateLogger<VolumeSet>()), paths,
                access.Loggers);
        user.Add(filesystem);
        return filesystem;
    }

    bool IFilesystemOpener.IsShared(OpenFilesystem filesystem) => IsShared(filesystem);

    void IFilesystemOpener.EndUse(ClusterMount user, OpenFilesystem filesystem)
    {
        user.Remove(filesystem);
        if (EndUse(filesystem, unlessShared: false)) Close(filesystem);
    }

    IDisposable? IFilesystemOpener.TryClaim(PfsEntry pfs) =>
        FindUser([pfs]) is null ? Views.TryClaim([pfs], isForced: false, new List<uint>()) : null;

    bool IFilesystemOpener.TryReadAnew(OpenFilesystem filesystem, MediaDevice before, ReturnAccess access) =>
        filesystem.TryReadAnew(before, access, Caches);

    private ClusterMount Mount(string? named, ClusterMountOptions options, ILoggerFactory loggers,
        Action<ClusterMount, MountTable> open)
    {
        var table = new MountTable(loggers.CreateLogger<MountTable>());
        var mount = new ClusterMount(Caches, Release, loggers.CreateLogger<ClusterMount>());
        try
        {
            open(mount, table);
            string label = named ?? table.DefaultLabel();
            IReadOnlyList<PfsEntry> members = table.MembersOf(label);
            RefuseUsed(label, members);
            using IDisposable claim = EndViews(label, members);
            mount.Use(members, table.Open(label, options.ForPfs));
            using (_usersLock.EnterScope())
            {
                _mounts.Add(mount);
                foreach (OpenFilesystem filesystem in mount.Filesystems) NameUsers(filesystem);
            }
            return mount;
        }
        catch (Exception refusal) when (refusal is PfsException or MediaException)
        {
            mount.Dispose();
            throw;
        }
    }

    // Null when none is named.
    private static string? CommonLabel(IReadOnlyList<MountSpec> specs)
    {
        string? label = null;
        foreach (MountSpec spec in specs)
        {
            if (spec.Label is null) continue;
            label ??= spec.Label;
            if (label != spec.Label)
                throw new PfsException($"the nodes name two labels, {label} and {spec.Label}");
        }
        return label;
    }

    private void OpenNodes(ClusterMount mount, MountTable table, IReadOnlyList<MountSpec> specs,
        ClusterMountOptions options, ILoggerFactory loggers)
    {
        ILogger logger = loggers.CreateLogger<VolumeSet>();
        MediaException? refusal = null;
        foreach (MountSpec spec in specs)
        {
            try
            {
                OpenFilesystem filesystem = TryShare(spec.Paths, options.Media)
                    ?? Open(MediaSource.Open(spec.Paths, options.Media, logger), spec.Paths, loggers);
                Use(mount, table, filesystem);
            }
            catch (MediaException missing)
                when (specs.Count > 1 && (options.IsBusyMissing || missing is not DeviceBusyException))
            {
                refusal ??= missing;
                table.AddMissing(spec.Paths, missing.Message);
            }
        }
        if (table.Devices.Count == 0) throw refusal!;
    }

    // From here on disposing of the mount ends the use, also when opening fails.
    private static void Use(ClusterMount mount, MountTable table, OpenFilesystem filesystem)
    {
        mount.Add(filesystem);
        table.Add(filesystem.Device);
    }

    private OpenFilesystem Open(VolumeSet volumes, IReadOnlyList<string> paths, ILoggerFactory loggers)
    {
        var filesystem = new OpenFilesystem(
            new MediaDevice(volumes, Caches, loggers.CreateLogger<MediaDevice>()), paths);
        using (_usersLock.EnterScope()) _filesystems.Add(filesystem);
        Opened?.Invoke(volumes);
        return filesystem;
    }

    private OpenFilesystem? TryShare(IReadOnlyList<string> paths, MediaSourceOptions media)
    {
        using (_usersLock.EnterScope())
        {
            if (_filesystems.Count == 0) return null;
        }
        HashSet<DeviceIdentity> wanted = Identify(paths, media);
        using (_usersLock.EnterScope())
        {
            if (_filesystems.Find(one => one.IsAnyOf(wanted)) is not { } filesystem) return null;
            int given = paths.Count, volumes = filesystem.Volumes.Volumes.Count;
            if (!filesystem.HasAll(wanted) || given != volumes)
            {
                throw new VolumeSetException(paths[0],
                    $"its filesystem is mounted with {volumes} volumes, {filesystem.Volumes.Name}, and {given} are "
                    + "given here; name the same ones");
            }
            if (filesystem.Volumes.IsReadOnly && !media.IsReadOnly)
            {
                throw new DeviceBusyException(paths[0],
                    "is mounted read-only by this process; it cannot be written meanwhile");
            }
            filesystem.UsersTotal++;
            return filesystem;
        }
    }

    private static HashSet<DeviceIdentity> Identify(IReadOnlyList<string> paths, MediaSourceOptions media)
    {
        var found = new HashSet<DeviceIdentity>();
        foreach (string path in paths)
        {
            // A server may serve one client only.
            DeviceIdentity? identity = DeviceOpener.IsRemote(path)
                ? DeviceOpener.Identify(path) : VolumeProbe.Read(path, media)?.Device;
            if (identity is { } device) _ = found.Add(device);
        }
        return found;
    }

    /// <summary>Finds what uses one of some PFSs, or another node of their clusters.</summary>
    /// <returns>Null when nothing in this process does.</returns>
    public ClusterMount? FindUser(IReadOnlyList<PfsEntry> members)
    {
        using (_usersLock.EnterScope()) return _mounts.Find(mount => PfsOverlap.IsAny(members, mount.Members));
    }

    private void RefuseUsed(string label, IReadOnlyList<PfsEntry> members, ClusterMount? itself = null)
    {
        if (FindUser(members) is { } user && user != itself) throw new PfsInUseException(label, user);
    }

    // A PFS that is mounted for writing changes; until it is among the mounts, no view of it is opened.
    private IDisposable EndViews(string label, IReadOnlyList<PfsEntry> members)
    {
        var openers = new List<uint>();
        return Views.TryClaim(members, isForced: false, openers) ?? throw new PfsException(
            $"PFS {label} is in use: files in it are open below .hammer2/snapshots, by processes "
            + string.Join(", ", openers));
    }

    private bool IsShared(OpenFilesystem filesystem)
    {
        using (_usersLock.EnterScope()) return filesystem.UsersTotal > 1;
    }

    // True when it is not used any more: it was removed from the list, and the caller closes it.
    private bool EndUse(OpenFilesystem filesystem, bool unlessShared)
    {
        using (_usersLock.EnterScope())
        {
            if (unlessShared && filesystem.UsersTotal > 1) return false;
            if (--filesystem.UsersTotal > 0) return false;
            _ = _filesystems.Remove(filesystem);
            return true;
        }
    }

    // Damage below a PFS root is reported with the label of the PFS, if known.
    private void NameUsers(OpenFilesystem filesystem)
    {
        var labels = new List<string>();
        foreach (ClusterMount mount in _mounts)
        {
            if (mount.Filesystems.Contains(filesystem)) labels.Add(ByteText.Decode(mount.Pfs.Label.Span));
        }
        if (labels.Count > 0) filesystem.Device.Faults.Label = string.Join(" or ", labels);
    }
}

/// <summary>A PFS is in use in this process already.</summary>
/// <param name="label">Label of the requested PFS.</param>
/// <param name="user">The mount that uses it, or another node of its cluster.</param>
public sealed class PfsInUseException(string label, ClusterMount user) : PfsException($"PFS {label} is in use")
{
    /// <summary>Label of the requested PFS.</summary>
    public string Label { get; } = label;

    /// <summary>The mount that uses it, or another node of its cluster.</summary>
    public ClusterMount User { get; } = user;
}
