// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Cluster;
using Hammer2.Cluster.Views;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Fuse.Administration;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration;

/// <summary>A filesystem in memory whose PFS is open as for a mount of user 1000.</summary>
internal sealed class AdministeredVolume : IDisposable
{
    /// <summary>The user that made the mount.</summary>
    public const uint OwnerId = 1000;

    private readonly MemoryBlockDevice[] _devices;
    private readonly ClusterMount _cluster;
    private readonly OpenFilesystems _filesystems = new();

    public AdministeredVolume(
        int nodes = 1, bool isReadOnly = false, long lengthBytes = 64 << 20, MountOptions? options = null)
    {
        _devices = NewVolume.NodesInMemory(nodes, lengthBytes);
        foreach (MemoryBlockDevice device in _devices) device.OverwritesDiscarded = true;
        _cluster = ModelMount.Open(_devices, nodes == 1 ? NewVolume.Label : NewVolume.ClusterLabel);
        if (!isReadOnly) Assert.Equal(Hammer2Error.None, _cluster.Pfs.OpenForWriting());
        Vnodes = new VnodeOps(_cluster.Pfs, NullLogger<VnodeOps>.Instance);
        Mount = new AdministeredMount(
            _cluster, Vnodes, OwnerId, options ?? new MountOptions(), NullLogger.Instance, TimeProvider.System,
            SystemScheduler.Instance)
        {
            Loggers = NullLoggerFactory.Instance,
            PfsList = new PfsListAccess(new RankedLock(LockRank.Mounting), _filesystems, TimeProvider.System),
        };
    }

    public VnodeOps Vnodes { get; }

    /// <summary>The devices, one for each node.</summary>
    public IReadOnlyList<MemoryBlockDevice> Devices => _devices;

    public AdministeredMount Mount { get; }

    /// <summary>The snapshots that are read.</summary>
    public PfsViews Views => _filesystems.Views;

    /// <summary>Makes a request of the standard table, as the owner unless told otherwise.</summary>
    public RequestAnswer Run(string name, RequestArguments? arguments = null, uint user = OwnerId)
    {
        var context = new RequestContext(Mount, Mount.CallerOf(user), static () => false);
        return RequestTable.Standard.Run(name, context, arguments ?? RequestArguments.None);
    }

    public void Dispose()
    {
        Mount.Jobs.Stop();
        _cluster.Dispose();
        foreach (MemoryBlockDevice device in _devices) device.Dispose();
    }
}
