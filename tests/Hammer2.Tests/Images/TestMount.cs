// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tests.Images;

/// <summary>A PFS mounted without a kernel: vnode operations on devices chosen by a test.</summary>
internal sealed class TestMount : IDisposable
{
    private readonly ClusterMount _mount;

    private TestMount(ClusterMount mount, LogCapture log)
    {
        _mount = mount;
        Log = log;
        Ops = new VnodeOps(mount.Pfs, log.CreateLogger<VnodeOps>());
    }

    /// <summary>The operations.</summary>
    internal VnodeOps Ops { get; }

    /// <summary>Everything that was logged.</summary>
    internal LogCapture Log { get; }

    /// <summary>The PFS.</summary>
    internal Pfs Pfs => _mount.Pfs;

    /// <summary>The mount.</summary>
    internal ClusterMount Mount => _mount;

    /// <summary>Mounts a PFS of a golden image with one or several volumes.</summary>
    internal static TestMount OpenImage(string image, string label, long memoryBytes = 64 << 20)
        => Open([GoldenImage.OpenVolumes(image)], label, memoryBytes);

    /// <summary>Mounts a PFS of one filesystem on one device.</summary>
    internal static TestMount OpenDevice(IBlockDevice device, string label, long memoryBytes = 64 << 20)
        => Open([VolumeSet.Open([device])], label, memoryBytes);

    /// <summary>Mounts a PFS whose nodes are on the given filesystems.</summary>
    internal static TestMount Open(
        IReadOnlyList<VolumeSet> filesystems, string label, long memoryBytes = 64 << 20,
        bool isDegraded = false)
    {
        var log = new LogCapture();
        var options = new ClusterMountOptions(new MediaSourceOptions(), memoryBytes, isDegraded);
        return new TestMount(OpenFilesystems.MountAlone(filesystems, label, options, log), log);
    }

    /// <summary>Finds an object by its path, bytes as characters; returns the error of the first failing
    /// step.</summary>
    internal Errno Find(string path, out VnodeAttributes attributes)
    {
        Errno error = Ops.GetAttributes(VnodeOps.RootInum, out attributes);
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (error != Errno.None)
                return error;
            error = Ops.Lookup(attributes.Inum, Encoding.Latin1.GetBytes(name), out attributes);
        }
        return error;
    }

    public void Dispose() => _mount.Dispose();
}
