// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Mutation;

/// <summary>
/// An image prepared for many mutations: the intact image with its map and the result of a walk of each PFS, and
/// overlays on which one change at a time is made, read and discarded.
/// </summary>
internal sealed class MutationBench : IDisposable
{
    private const long MemoryBytes = 8 << 20;
    private const long AllocatedBytesMax = 1L << 30;

    private readonly string _image;
    private readonly List<List<FileBlockDevice>> _files = [];
    private readonly List<List<OverlayBlockDevice>> _overlays = [];
    private readonly List<MediaMap> _maps = [];
    private readonly Dictionary<string, Dictionary<string, WalkedObject>> _whole = [];
    private readonly bool _isCluster;
    private long _workBytes;
    private bool _hasDamage;
    private List<(ulong Inum, ulong Position)> _probes = [];

    /// <summary>Opens an image: one filesystem of one or more volumes, or the nodes of a cluster.</summary>
    internal MutationBench(string image, params ReadOnlySpan<string> filesystems)
    {
        _image = image;
        _isCluster = filesystems.Length > 1;
        foreach (string name in filesystems)
        {
            List<FileBlockDevice> files = [];
            List<OverlayBlockDevice> overlays = [];
            foreach (string path in GoldenImage.Paths(name))
            {
                files.Add(FileBlockDevice.Open(path, new FileBlockDeviceOptions(true, TakesLock: false)));
                overlays.Add(new OverlayBlockDevice(files[^1], ownsBelow: false));
            }
            _files.Add(files);
            _overlays.Add(overlays);
            _maps.Add(MediaMap.Read(Open(overlays, long.MaxValue, out _)));
        }
        Measure();
    }

    /// <summary>Number of changes after which every path of every PFS was readable.</summary>
    internal int HarmlessCount { get; private set; }

    /// <summary>Number of changes after which opening failed with a message.</summary>
    internal int RefusedCount { get; private set; }

    /// <summary>Number of reads of a cluster that were served by another node.</summary>
    internal long RepairedReads { get; private set; }

    /// <summary>Number of paths that returned an error, over all changes.</summary>
    internal long FailedPaths { get; private set; }

    /// <summary>Makes the change given by a seed, reads everything, and checks the result.</summary>
    internal void Run(ulong seed)
    {
        var random = new SeededRandom(seed);
        int hurt = random.Below(_overlays.Count);
        foreach (OverlayBlockDevice overlay in _overlays[hurt])
            overlay.Reset();
        VolumeSet volumes = Open(_overlays[hurt], long.MaxValue, out _);
        MutationPlan plan = MutationPlan.Apply(volumes, _maps[hurt], random);
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            Judge(plan);
        }
        catch (Exception error) when (error is not MutationFailedException)
        {
            throw new MutationFailedException(Describe(seed, plan), error);
        }
        finally
        {
            foreach (OverlayBlockDevice overlay in _overlays[hurt])
                overlay.Reset();
        }
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < AllocatedBytesMax, $"{allocated} bytes allocated: {Describe(seed, plan)}");
    }

    public void Dispose()
    {
        foreach (List<FileBlockDevice> files in _files)
        {
            foreach (FileBlockDevice file in files)
                file.Dispose();
        }
    }

    private string Describe(ulong seed, MutationPlan plan)
        => $"{_image}, HAMMER2_SEED={seed}: {plan.Description}{(plan.IsSigned ? ", signed" : "")}";

    private void Judge(MutationPlan plan)
    {
        var log = new LogCapture();
        int failedBefore = (int)FailedPaths;
        bool wasRefused = false;
        _hasDamage = false;
        foreach ((string label, Dictionary<string, WalkedObject> whole) in _whole)
        {
            _probes = Probes(plan, label);
            Dictionary<string, WalkedObject>? found = TryWalk(label, log, _workBytes, out _);
            wasRefused |= found == null;
            if (found == null && IsOwed(plan, label, 0))
                throw new MutationFailedException($"PFS {label} does not open: {plan.Description}");
            if (found != null)
                Compare(plan, label, whole, found);
        }
        RefusedCount += wasRefused ? 1 : 0;
        HarmlessCount += !wasRefused && FailedPaths == failedBefore ? 1 : 0;
        if (_hasDamage && !log.Contains(LogLevel.Error, "0x"))
            throw new MutationFailedException(
                $"EIO was answered and no place was logged: {plan.Description}");
    }

    // A walk reads parts of files; damaged file data must be detected anywhere.
    private List<(ulong Inum, ulong Position)> Probes(MutationPlan plan, string label)
    {
        var probes = new List<(ulong Inum, ulong Position)>();
        if (_isCluster || !plan.IsNoticeable)
            return probes;
        foreach (MapBlock block in plan.Blocks.FindAll(changed => changed.Type == BlockrefType.Data))
        {
            foreach (MapObject owner in block.Objects)
            {
                if (owner.Pfs == label)
                    probes.Add((owner.Inum, block.Reference.Key));
            }
        }
        return probes;
    }

    private void Probe(VnodeOps ops)
    {
        byte[] one = new byte[1];
        foreach ((ulong inum, ulong position) in _probes)
        {
            if (ops.GetAttributes(inum, out VnodeAttributes file) != Errno.None || !IsRead(file))
                continue;
            Errno error = ops.Read(inum, position, one, out int readBytes);
            if (error != Errno.EIO && position < file.SizeBytes)
            {
                throw new MutationFailedException(
                    $"inode 0x{inum:x} at {position}: {error}, "
                    + $"{readBytes} bytes of a damaged block were given");
            }
        }

        static bool IsRead(in VnodeAttributes file) => file.Type == ObjectType.RegularFile;
    }

    private void Compare(MutationPlan plan, string label, Dictionary<string, WalkedObject> whole,
        Dictionary<string, WalkedObject> found)
    {
        foreach ((string path, WalkedObject expected) in whole)
        {
            bool isThere = found.TryGetValue(path, out WalkedObject now);
            bool isEqual = isThere && now.Error == Errno.None && now.Digest == expected.Digest;
            if (isThere && now.Error != Errno.None)
                FailedPaths++;
            _hasDamage |= isThere && now.Error == Errno.EIO;
            if (isEqual)
                continue;
            if (IsOwed(plan, label, expected))
            {
                string fate = isThere ? $"reads {now.Error}" : "is gone";
                throw new MutationFailedException(
                    $"{label}:{path} is not touched and {fate}: {plan.Description}");
            }
            // Detected damage is never returned as content.
            if (isThere && now.Error == Errno.None && plan.IsNoticeable)
            {
                throw new MutationFailedException(
                    $"{label}:{path} shows damaged content: {plan.Description}");
            }
        }
    }

    // The paths that must read as before: in a cluster all, if the change can be detected; otherwise all that do not
    // depend on the changed block.
    private bool IsOwed(MutationPlan plan, string label, in WalkedObject walked)
    {
        if (!IsOwed(plan, label, walked.Inum))
            return false;
        foreach (ulong ancestor in walked.Ancestors)
        {
            if (!IsOwed(plan, label, ancestor))
                return false;
        }
        return true;
    }

    private bool IsOwed(MutationPlan plan, string label, ulong inum)
    {
        // A node whose header was changed is read through an older copy, or not at all.
        if (_isCluster && !plan.IsSigned && plan.Blocks.TrueForAll(block => block.IsProtected))
            return true;
        if (plan.IsHeaderChanged)
            return false;
        return plan.Blocks.TrueForAll(block => IsWithout(block, label, inum));
    }

    private static bool IsWithout(MapBlock block, string label, ulong inum)
    {
        foreach (MapObject hurt in block.Objects)
        {
            if (hurt.Inum == Media.SuperRootInum || (hurt.Pfs == label && hurt.Inum == inum))
                return false;
            // Without its root, or an indirect block above it, a PFS cannot be read.
            if (hurt.Pfs == label && hurt.Inum == Media.PfsRootInum && inum == 0)
                return false;
        }
        return true;
    }

    private void Measure()
    {
        long most = 0;
        foreach (string label in Labels())
        {
            Dictionary<string, WalkedObject> found =
                TryWalk(label, new LogCapture(), long.MaxValue, out long bytes)!;
            Assert.DoesNotContain(found.Values, walked => walked.Error != Errno.None);
            _whole.Add(label, found);
            most = Math.Max(most, bytes);
        }
        _workBytes = 20 * most + (64 << 20);
    }

    private List<string> Labels()
    {
        var entries = new List<PfsEntry>();
        VolumeSet volumes = Open(_overlays[0], long.MaxValue, out _);
        ILogger<MediaDevice> logger = new LogCapture().CreateLogger<MediaDevice>();
        var device = new MediaDevice(volumes, new MediaCaches(MemoryBytes), logger);
        Assert.Equal(Hammer2Error.None, PfsEntry.List(device, entries));
        var labels = new List<string>();
        foreach (PfsEntry entry in entries)
        {
            string label = Encoding.UTF8.GetString(entry.Label);
            if (!_isCluster || label == "CL")
                labels.Add(label);
        }
        return labels;
    }

    private Dictionary<string, WalkedObject>? TryWalk(
        string label, LogCapture log, long budget, out long readBytes)
    {
        readBytes = 0;
        var devices = new List<BoundedDevice>();
        try
        {
            var filesystems = new List<VolumeSet>();
            foreach (List<OverlayBlockDevice> overlays in _overlays)
            {
                if (TryOpen(overlays, budget, devices) is { } volumes)
                    filesystems.Add(volumes);
            }
            if (filesystems.Count == 0)
                return null;
            var options = new ClusterMountOptions(new MediaSourceOptions(), MemoryBytes);
            using ClusterMount mount = OpenFilesystems.MountAlone(filesystems, label, options, log);
            var ops = new VnodeOps(mount.Pfs, log.CreateLogger<VnodeOps>());
            Dictionary<string, WalkedObject> found = QuickWalk.Read(ops);
            Probe(ops);
            Assert.InRange(mount.Caches.Chains.HeldBytes, 0, MemoryBytes);
            RepairedReads += mount.Pfs.RepairedReads;
            foreach (BoundedDevice device in devices)
                readBytes += device.ReadBytes;
            return found;
        }
        catch (PfsException)
        {
            return null;
        }
    }

    private static VolumeSet? TryOpen(
        List<OverlayBlockDevice> overlays, long budget, List<BoundedDevice> devices)
    {
        try
        {
            VolumeSet volumes = Open(overlays, budget, out List<BoundedDevice> opened);
            devices.AddRange(opened);
            return volumes;
        }
        catch (MediaException)
        {
            return null; // failing with a message is correct for a damaged header
        }
    }

    private static VolumeSet Open(
        List<OverlayBlockDevice> overlays, long budget, out List<BoundedDevice> devices)
    {
        devices = [];
        foreach (OverlayBlockDevice overlay in overlays)
            devices.Add(new BoundedDevice(overlay) { Budget = budget });
        return VolumeSet.Open(devices);
    }
}

/// <summary>A mutation was not handled correctly; the message has the data to repeat it.</summary>
internal sealed class MutationFailedException(string message, Exception? cause = null)
    : Exception(message, cause);
