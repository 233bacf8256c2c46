// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Members;
using Hammer2.Cluster.Returns;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>The cluster mounted from some of its devices, with what a daemon has beside: members that are changed, and
/// nodes that return.</summary>
internal sealed class SimulatedMount : IDisposable
{
    private const long CacheBytes = 4 << 20;

    private readonly SimulatedCluster _cluster;
    private readonly ClusterMount _mount;

    private SimulatedMount(SimulatedCluster cluster, ClusterMount mount, OpenFilesystems filesystems)
    {
        (_cluster, _mount) = (cluster, mount);
        var access = new ReturnAccess(new MediaSourceOptions(IsReadOnly: false), new TraceLog(cluster));
        var opener = new SimulationOpener(filesystems, cluster.Nodes);
        Returns = new NodeReturns(mount, opener, access, scheduler: null);
        Members = new ClusterMembers(mount, opener, access, cluster.Time, cluster.Random.NextUInt64);
        Ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
    }

    public NodeReturns Returns { get; }

    public ClusterMembers Members { get; }

    public VnodeOps Ops { get; }

    public Pfs Pfs => _mount.Pfs;

    public PfsWriter Writer => Pfs.Writer!;

    public ClusterView View => Pfs.View;

    public WriteObstacle Obstacle => Pfs.Membership.Obstacle;

    /// <summary>True when it accepts changes.</summary>
    public bool IsWritten => Pfs.Writer is { IsStopped: false } && !_cluster.IsCut;

    /// <summary>True when some node that is read answers, and is known to be right.</summary>
    public bool IsReadable => View.Nodes.Any(
        node => node.IsSynced && _cluster.NodeOf(node) is { IsTainted: false, Disk.IsReadable: true });

    /// <summary>True while operations wait for the end of a resynchronization.</summary>
    public bool IsHeldUp => View.Nodes.Any(node => node.State is NodeState.Finishing or NodeState.Verifying);

    /// <summary>True within a bulkfree, which has locks that most other work takes.</summary>
    public bool IsReclaiming => View.Nodes.Any(
        node => node.Device.Committer is { ReclaimLock.IsHeldByCurrentThread: true });

    /// <summary>Mounts nodes.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="named">The nodes that are named; those that do not answer are absent.</param>
    /// <returns>Null when nothing can be shown.</returns>
    public static SimulatedMount? Open(SimulatedCluster cluster, IReadOnlyList<SimulatedNode> named)
    {
        var sets = new List<VolumeSet>();
        var absent = new List<AbsentNode>();
        foreach (SimulatedNode node in named)
        {
            try
            {
                sets.Add(VolumeSet.Open([node.Disk], new VolumeSetOptions(IsReadOnly: false)));
            }
            catch (MediaException refusal)
            {
                cluster.Say($"{node.Name} cannot be opened: {refusal.Message}");
                absent.Add(new AbsentNode([node.Name], refusal.Message));
            }
        }
        if (sets.Count == 0) return null;
        var filesystems = new OpenFilesystems(CacheBytes);
        var options = new ClusterMountOptions(
            new MediaSourceOptions(IsReadOnly: false), CacheBytes, AllowDegraded: true);
        try
        {
            ClusterMount mount = filesystems.Mount(sets, NewVolume.ClusterLabel, options, new TraceLog(cluster));
            _ = mount.Pfs.ChangeView(view => ClusterView.Of(
                view.Members.AddRange(absent), view.Quorum, view.Record));
            return new SimulatedMount(cluster, mount, filesystems);
        }
        catch (PfsException refusal)
        {
            cluster.Say($"refused: {refusal.Message}");
            return null;
        }
    }

    /// <summary>Opens it for writing, as one process at a time does.</summary>
    public Hammer2Error OpenForWriting()
    {
        _cluster.IsInDoubt = true;
        return Pfs.OpenForWriting(RecordedScript.Options(_cluster.Random.NextUInt64()) with
        {
            Time = _cluster.Time,
            OpenBytesMax = _cluster.Random.Pick<long>([0, 128 << 10, 64 << 20]),
            Deduplicates = !_cluster.Random.OneIn(4),
        });
    }

    /// <summary>The nodes, for messages.</summary>
    public string Describe() => string.Join(", ", View.Members.Select(node => $"{node.Name} {node.State}"))
        + $"; quorum {View.Quorum}; {Obstacle}";

    /// <inheritdoc/>
    public void Dispose()
    {
        Returns.Dispose();
        _mount.Dispose();
    }
}
