// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Members;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Returns;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Members;

/// <summary>Some of them, mounted for writing.</summary>
internal sealed class MountedMembers : IDisposable
{
    private const string Label = NewVolume.ClusterLabel;

    private static readonly ReturnAccess Access = new(
        new MediaSourceOptions(IsReadOnly: false), NullLoggerFactory.Instance);

    private readonly MemberFiles _files;
    private readonly ClusterMount _mount;
    private readonly VnodeOps _ops;
    private readonly ScriptPlayer _player = new(new SeededRandom(5));

    public MountedMembers(MemberFiles files, params int[] nodes)
    {
        _files = files;
        var filesystems = new OpenFilesystems(1 << 20);
        var options = new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false), 1 << 20);
        _mount = filesystems.Mount(
            [.. nodes.Select(node => new MountSpec([files.Paths[node]], Label))], options,
            NullLoggerFactory.Instance);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting(RecordedScript.Options(files.NextSeed())));
        Returns = new NodeReturns(_mount, filesystems, Access, scheduler: null);
        Members = new ClusterMembers(_mount, filesystems, Access, TimeProvider.System, SystemRandom.NextBits);
        _ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
        _ = ModelMount.MakeRoom(_ops, _player, Path.GetRandomFileName());
    }

    public NodeReturns Returns { get; }

    public ClusterMembers Members { get; }

    public Pfs Pfs => _mount.Pfs;

    public void Snapshot(string label)
    {
        var pfses = new PfsAdministration(_mount.Pfs, _ => null, TimeProvider.System, SystemRandom.NextBits);
        Assert.Equal(Hammer2Error.None, pfses.Snapshot(System.Text.Encoding.ASCII.GetBytes(label)));
    }

    public void Attach(int node)
    {
        MemberOutcome outcome = Members.Attach([_files.Paths[node]]);
        Assert.True(outcome.Error == Hammer2Error.None, $"{outcome}");
        PresentNode added = Pfs.Nodes.Single(one => one.Name == _files.Paths[node]);
        Play(30);
        Assert.Equal(Hammer2Error.None, Pfs.Writer!.Resynchronize(added, () => false));
        Play(30);
    }

    public void Play(int steps)
    {
        _player.Play(_ops, steps);
        Assert.Equal(Errno.None, _ops.Sync());
        _player.Compare(_ops);
    }

    /// <summary>Compares what was written here, before the end of this mount, with a PFS of one node.</summary>
    public void AssertHeldBy(int node, string label)
    {
        using ClusterMount single = new OpenFilesystems(1 << 20).Mount(
            [new MountSpec([_files.Paths[node]], label)],
            new ClusterMountOptions(new MediaSourceOptions(), 1 << 20), NullLoggerFactory.Instance);
        _player.Compare(new VnodeOps(single.Pfs, NullLogger<VnodeOps>.Instance));
    }

    public void Dispose()
    {
        _player.ForgetAll(_ops);
        Assert.Equal(Errno.None, _ops.Sync());
        Returns.Dispose();
        _mount.Dispose();
    }
}
