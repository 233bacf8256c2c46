// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Returns;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>A mount with a policy for lost quorums, on devices that fail, with a script that goes on where a stall cut
/// it off.</summary>
internal sealed class StalledMount : IDisposable
{
    private static readonly ReturnAccess Access = new(
        new MediaSourceOptions(IsReadOnly: false), NullLoggerFactory.Instance);

    private readonly SeededRandom _random;
    private readonly OpenFilesystems _filesystems = new(1 << 20);
    private readonly ClusterMount _mount;
    private readonly NodeReturns _returns;
    private ScriptPlayer _player;

    public StalledMount(SeededRandom random, IReadOnlyList<IBlockDevice> devices, PfsWriteOptions? options = null)
    {
        _random = random;
        string label = devices.Count == 1 ? NewVolume.Label : NewVolume.ClusterLabel;
        VolumeSet[] sets = [.. devices.Select(device => VolumeSet.Open([new UnownedDevice(device)]))];
        _mount = _filesystems.Mount(
            sets, label, new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false), 1 << 20),
            NullLoggerFactory.Instance);
        options ??= RecordedScript.Options(random.Seed);
        Assert.Equal(Hammer2Error.None,
            _mount.Pfs.OpenForWriting(options with { Quorum = new QuorumPolicySetting(QuorumPolicy.Stall) }));
        Ops = new VnodeOps(_mount.Pfs, NullLogger<VnodeOps>.Instance);
        _returns = new NodeReturns(_mount, _filesystems, Access, scheduler: null);
        _player = new ScriptPlayer(random) { EndsAtFault = true };
        _ = ModelMount.MakeRoom(Ops, _player, "model");
        Assert.Equal(Errno.None, Ops.Sync());
    }

    public VnodeOps Ops { get; }

    public Pfs Pfs => _mount.Pfs;

    public PfsWriter Writer => Pfs.Writer!;

    public ModelNode Model => _player.Model.Root;

    /// <summary>Plays steps until one is to be made again later.</summary>
    /// <returns>True when all were made.</returns>
    public bool Play(int steps, bool syncs = true)
    {
        for (int step = 0; step < steps; step++)
        {
            ModelNode before = ModelCopy.Of(Model);
            try
            {
                _player.Play(Ops, 1);
            }
            catch (ScriptFaultException fault)
            {
                Assert.Equal(Errno.ERESTART, fault.Error);
                _player.ForgetAll(Ops);
                // Nothing of the step was done.
                var model = new ModelFileSystem { Root = before };
                _player = new ScriptPlayer(_random) { EndsAtFault = true, Model = model };
                return false;
            }
            if (syncs && _random.OneIn(8) && !Sync()) return false;
        }
        return true;
    }

    /// <summary>Commits; false when that is to be asked for again later.</summary>
    public bool Sync()
    {
        Errno error = Ops.Sync();
        Assert.True(error is Errno.None or Errno.ERESTART, $"{error}");
        return error == Errno.None;
    }

    /// <summary>Looks for nodes that are back, and resynchronizes those that are behind.</summary>
    public void Return()
    {
        foreach (PresentNode node in _returns.Check())
            Assert.Equal(Hammer2Error.None, Writer.Resynchronize(node, () => false));
    }

    public void Compare() => _player.Compare(Ops);

    /// <summary>Ends with everything committed.</summary>
    public void End()
    {
        _player.ForgetAll(Ops);
        Assert.Equal(Errno.None, Ops.Sync());
        Dispose();
    }

    public void Dispose()
    {
        _returns.Dispose();
        _mount.Dispose();
    }
}
