// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Resync;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>A node of three that is smaller than the others and filled by snapshots, of which each has content of its
/// own. While it was away the others wrote what has no space beside these.</summary>
internal sealed class FullNode : IDisposable
{
    public const int Away = 1;

    /// <summary>Bytes that have no space beside the snapshots, but without one or two of them.</summary>
    public const int OneTooMany = 30 << 20, TwoTooMany = 38 << 20;

    private const int NodesTotal = 3;
    private const int SnapshotsTotal = 4;
    private const int SnapshotBytes = 8 << 20;

    private readonly MemoryBlockDevice[] _disks = NewVolume.ClusterInMemory(NodesTotal, 128L << 20);
    private readonly HashSet<string> _open = [];

    /// <param name="awayBytes">What was written while the node was away.</param>
    /// <param name="whileAway">Further changes of that time.</param>
    public FullNode(int awayBytes, Action<PfsAdministration>? whileAway = null)
    {
        _disks[Away].Dispose();
        _disks[Away] = new MemoryBlockDevice(96L << 20, "n1");
        NewVolume.Format([_disks[Away]], NewVolume.Describe(1, Away, NodesTotal));
        using (OpenedPfses opened = Open(_disks))
        {
            ulong file = Make(opened.Ops[0], "file");
            PfsAdministration pfses = Administration(opened);
            for (int number = 1; number <= SnapshotsTotal; number++)
            {
                Fill(opened.Ops[0], file, (ulong)number, SnapshotBytes);
                Assert.Equal(Hammer2Error.None, pfses.Snapshot(Encoding.ASCII.GetBytes($"s{number}")));
            }
            Fill(opened.Ops[0], file, seed: 0, SnapshotBytes);
        }
        using OpenedPfses without = Open([.. _disks.Where((_, node) => node != Away)]);
        Fill(without.Ops[0], Make(without.Ops[0], "more"), seed: 99, awayBytes);
        whileAway?.Invoke(Administration(without));
    }

    public IReadOnlyList<MemoryBlockDevice> Disks => _disks;

    /// <summary>Has a snapshot be in use, as by a mount.</summary>
    public void Use(string label) => _open.Add(label);

    /// <summary>All nodes, or devices in their place.</summary>
    public OpenedPfses Open(bool deletes, IReadOnlyList<IBlockDevice>? devices = null) =>
        Open(devices ?? _disks, new ResyncSnapshots(deletes, new KnownUse(_open)));

    /// <summary>Looks at all media without the driver, and compares the nodes.</summary>
    public static void Judge(IReadOnlyList<IBlockDevice> devices)
    {
        foreach (IBlockDevice device in devices) MediaAudit.AssertSound(device, device.Name, allowsOrphans: false);
        List<VolumeSet> sets = [.. devices.Select(device => VolumeSet.Open([new UnownedDevice(device)]))];
        IReadOnlyList<ClusterReport> reports = ClusterCompare.Run(sets, new FsckOptions());
        foreach (VolumeSet set in sets) set.Dispose();
        ClusterReport live = Assert.Single(reports, static report => report.Label == NewVolume.ClusterLabel);
        Assert.All(live.Nodes, static node => Assert.Equal(NodeState.Synced, node.State));
        Assert.All(reports, static report => Assert.True(report.IsClean, string.Join('\n', report.Findings.Take(10))));
    }

    public void Dispose()
    {
        foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
    }

    private static OpenedPfses Open(IReadOnlyList<IBlockDevice> devices, ResyncSnapshots? snapshots = null) => new(
        [.. devices.Select(device => VolumeSet.Open([new UnownedDevice(device)]))],
        [(NewVolume.ClusterLabel, devices.Count)], seed: 5, snapshots);

    private static PfsAdministration Administration(OpenedPfses opened) => new(
        opened.Pfses[0], static _ => null, TimeProvider.System, new SeededRandom(6).NextUInt64);

    private static ulong Make(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    private static void Fill(VnodeOps ops, ulong file, ulong seed, int bytes)
    {
        byte[] content = new byte[1 << 20];
        var random = new SeededRandom(seed);
        for (ulong at = 0; at < (ulong)bytes; at += (ulong)content.Length)
        {
            random.Fill(content);
            Assert.Equal(Errno.None, ops.Write(file, at, content, dropsPrivileges: false));
        }
        Assert.Equal(Errno.None, ops.Sync());
    }

    private sealed class KnownUse(HashSet<string> open) : ISnapshotUse, IDisposable
    {
        public Hammer2Error TryAlone(Func<Hammer2Error> body) => body();

        public IDisposable? TryClaim(PfsEntry pfs) => open.Contains(Encoding.ASCII.GetString(pfs.Label)) ? null : this;

        public void Dispose()
        {
            // Nothing else claims a snapshot here.
        }
    }
}
