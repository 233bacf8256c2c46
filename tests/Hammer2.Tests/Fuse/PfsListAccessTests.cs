// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;
using Hammer2.Cluster;
using Hammer2.Cluster.Views;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Fuse;
using Hammer2.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Goal: a resynchronization deletes no snapshot that a process uses in any way, and does not wait for a mount
/// that is being made, which may wait for it. Method: each use of a snapshot, with and without it.</summary>
public sealed class PfsListAccessTests : IDisposable
{
    private static readonly ClusterMountOptions s_options =
        new(new MediaSourceOptions(IsReadOnly: false), MemoryBytes: 16 << 20);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly OpenFilesystems _filesystems = new(16 << 20);
    private readonly MemoryBlockDevice _disk = NewVolume.InMemory();
    private readonly ClusterMount _mount;
    private readonly PfsListAccess _access;
    private readonly PfsEntry _snapshot;

    public PfsListAccessTests()
    {
        VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disk)]);
        _mount = _filesystems.Mount([volumes], NewVolume.Label, s_options, NullLoggerFactory.Instance);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting());
        _access = new PfsListAccess(new RankedLock(LockRank.Mounting), _filesystems, TimeProvider.System);
        Assert.Equal(Hammer2Error.None, _access.Change(_mount.Pfs, static pfses => pfses.Snapshot("s"u8)));
        var all = new List<PfsEntry>();
        Assert.Equal(Hammer2Error.None, PfsEntry.List(_mount.Pfs.Nodes[0].Device, all));
        _snapshot = all.Find(static entry => entry.Label.SequenceEqual("s"u8))!;
    }

    public void Dispose()
    {
        _mount.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public void One_that_is_mounted_or_being_received_cannot_be_claimed()
    {
        using (_filesystems.MountBeside(_mount, "s", s_options, NullLoggerFactory.Instance))
            Assert.Null(_access.TryClaim(_snapshot));
        using (_access.TryReceive(_mount.Pfs.Nodes[0].Device.Header.Fields.FilesystemId, [.. "s"u8]))
            Assert.Null(_access.TryClaim(_snapshot));
        using IDisposable? claim = _access.TryClaim(_snapshot);
        Assert.NotNull(claim);
    }

    [Fact]
    public void One_with_open_files_cannot_be_claimed_and_one_that_is_claimed_is_not_opened()
    {
        var viewer = new Viewer();
        Assert.Equal(Hammer2Error.None, Open(viewer, out PfsView? view));
        Assert.Null(_access.TryClaim(_snapshot));
        viewer.Yields = true;
        using (IDisposable? claim = _access.TryClaim(_snapshot))
        {
            Assert.NotNull(claim);
            view!.Dispose();
            Assert.Equal(Hammer2Error.Busy, Open(viewer, out _));
        }
        Assert.Equal(Hammer2Error.None, Open(viewer, out view));
        view!.Dispose();
    }

    [Fact]
    public void Nothing_is_waited_for()
    {
        int runs = 0;
        Hammer2Error met = Hammer2Error.None;
        Assert.Equal(Hammer2Error.None, _access.Exclusively(() =>
        {
            var resynchronization = new Thread(() => met = _access.TryAlone(Count));
            resynchronization.Start();
            Assert.True(resynchronization.Join(s_patience));
            return Hammer2Error.None;
        }));
        Assert.Equal((Hammer2Error.Busy, 0), (met, runs));
        Assert.Equal(Hammer2Error.Held, _access.TryAlone(Count));
        Assert.Equal(1, runs);

        Hammer2Error Count()
        {
            runs++;
            return Hammer2Error.Held;
        }
    }

    private Hammer2Error Open(Viewer viewer, out PfsView? view) =>
        _access.OpenView(_mount.Pfs, "s"u8, viewer, NullLogger.Instance, out view);

    private sealed class Viewer : IPfsViewer
    {
        public bool Yields { get; set; }

        public bool TryYield(bool isForced, ICollection<uint> openers) => Yields;
    }
}
