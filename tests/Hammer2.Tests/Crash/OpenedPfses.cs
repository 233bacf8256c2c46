// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Cluster;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>Several PFSs on the same devices, open for writing. Each is on the first device, or on several.</summary>
internal sealed class OpenedPfses : IDisposable
{
    private readonly MediaDevice[] _devices;
    private readonly ulong _seed;
    private readonly ResyncSnapshots _snapshots;
    private readonly List<Pfs> _pfses = [];

    public OpenedPfses(IReadOnlyList<IBlockDevice> devices, (string Label, int Nodes)[] pfses, ulong seed)
        : this([.. devices.Select(device => VolumeSet.Open([new UnownedDevice(device)]))], pfses, seed)
    {
    }

    /// <summary>The same on filesystems, which are closed with them.</summary>
    public OpenedPfses(IReadOnlyList<VolumeSet> filesystems, (string Label, int Nodes)[] pfses, ulong seed,
        ResyncSnapshots? snapshots = null)
    {
        _snapshots = snapshots ?? new ResyncSnapshots();
        var caches = new MediaCaches(16 << 20);
        _seed = seed;
        _devices = [.. filesystems.Select(volumes => new MediaDevice(
            volumes, caches, NullLogger<MediaDevice>.Instance))];
        foreach ((string label, int nodes) in pfses) _ = Open(label, nodes);
    }

    public PfsWriter[] Writers => [.. _pfses.Select(pfs => pfs.Writer!)];

    public List<VnodeOps> Ops { get; } = [];

    public IReadOnlyList<Pfs> Pfses => _pfses;

    /// <summary>Opens one more, and closes it with the others.</summary>
    public VnodeOps Open(string label, int nodes)
    {
        var table = new MountTable(NullLogger<MountTable>.Instance);
        foreach (MediaDevice device in _devices[..nodes]) table.Add(device);
        Pfs pfs = table.Open(label, new PfsOpenOptions(AllowDegraded: false));
        _pfses.Add(pfs);
        PfsWriteOptions options = RecordedScript.Options(_seed + (ulong)_pfses.Count);
        Assert.Equal(Hammer2Error.None, pfs.OpenForWriting(options with { ResyncSnapshots = _snapshots }));
        Ops.Add(new VnodeOps(pfs, NullLogger<VnodeOps>.Instance));
        return Ops[^1];
    }

    /// <summary>The labels on each device.</summary>
    public IEnumerable<SortedSet<string>> Labels() => _devices.Select(LabelsOf);

    public void Dispose()
    {
        foreach (Pfs pfs in _pfses) pfs.Writer?.Dispose();
        foreach (MediaDevice device in _devices) device.Dispose();
    }

    private static SortedSet<string> LabelsOf(MediaDevice device)
    {
        var entries = new List<PfsEntry>();
        Assert.Equal(Hammer2Error.None, PfsEntry.List(device, entries));
        return new SortedSet<string>(
            entries.Select(entry => Linux.Text.ByteText.Decode(entry.Label)), StringComparer.Ordinal);
    }
}
