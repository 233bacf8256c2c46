// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>A script on a mount whose device may fail, with the states it went through.</summary>
internal sealed class FaultSession
{
    public const int Steps = 60;
    private const long CacheBytes = 16 << 20;

    private static readonly Credentials Caller = new(0, 0);

    private readonly ScriptPlayer _player;
    private readonly List<string> _states = [];
    private VnodeOps _ops = null!;
    private int _synced;

    public FaultSession(ulong seed, string place)
    {
        Place = place;
        _player = new ScriptPlayer(new SeededRandom(seed)) { EndsAtFault = true };
    }

    public string Place { get; }

    /// <summary>True when the script went through to its end.</summary>
    public bool IsDone { get; private set; }

    /// <summary>What ended it otherwise.</summary>
    public Errno Error { get; private set; }

    /// <summary>True when an operation itself threw, so that its caller was told nothing.</summary>
    public bool HasThrown { get; private set; }

    /// <summary>Called before each step with its number, from 1.</summary>
    public Action<int> Stepping { get; init; } = static _ => { };

    public ClusterMount Open(
        IReadOnlyList<IBlockDevice> devices, string label, PfsWriteOptions? options = null,
        ILoggerFactory? loggers = null)
    {
        ClusterMount mount = RecordedScript.Mount(devices, label, CacheBytes, loggers);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(options ?? RecordedScript.Options(1)));
        _ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        Assert.Equal(Errno.None, _ops.Create(VnodeOps.RootInum, "model"u8,
            new NewObject(ObjectType.Directory, UnixMode.O755), Caller, out VnodeAttributes made));
        Assert.Equal(Errno.None, _ops.Sync());
        _player.Model.Root.Inum = made.Inum;
        _states.Add(TreeListing.Of(_player.Model.Root));
        return mount;
    }

    public void PlayUntilFault()
    {
        try
        {
            for (int step = 1; step <= Steps; step++)
            {
                Stepping(step);
                _player.Play(_ops, 1);
                _states.Add(TreeListing.Of(_player.Model.Root));
                if (step % 12 != 0 && step != Steps) continue;
                Error = _ops.Sync();
                if (Error != Errno.None) return;
                _synced = _states.Count - 1;
            }
            IsDone = true;
        }
        catch (ScriptFaultException fault)
        {
            Error = fault.Error;
            // The step that failed may have been done in part in the model, and not at all here.
            _states.Add(TreeListing.Of(_player.Model.Root));
        }
        catch (DeviceDefectException)
        {
            HasThrown = true;
            _states.Add(TreeListing.Of(_player.Model.Root));
        }
    }

    /// <summary>Makes what was accepted durable.</summary>
    public Errno Sync()
    {
        Errno error = _ops.Sync();
        if (error == Errno.None) _synced = Math.Max(_synced, _states.Count - 2);
        return error;
    }

    public void MakeOneMore()
    {
        Assert.Equal(Errno.None, _ops.Create(VnodeOps.RootInum, "more"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out VnodeAttributes made));
        Assert.Equal(Errno.None, _ops.Write(made.Inum, 0, new byte[100_000], dropsPrivileges: false));
        Assert.Equal(Errno.None, _ops.Sync());
    }

    public void AssertRefusesChanges(Errno refusal = Errno.EROFS)
    {
        Errno error = _ops.Create(VnodeOps.RootInum, "late"u8,
            new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out _);
        Assert.True(error == refusal, $"{Place}: {error} when stopped");
        Assert.Equal(Errno.EIO, _ops.Sync());
        Assert.Equal(Errno.EIO, _ops.Sync());
    }

    /// <summary>What was accepted is shown, to the last step that was whole.</summary>
    public void AssertReads()
    {
        string found = TreeListing.Of(_ops, _player.Model.Root.Inum);
        // An operation that threw may have got halfway.
        if (HasThrown) return;
        string expected = _states[^1];
        Assert.True(expected == found || _states[^2] == found,
            $"{Place}: {Error}; {TreeListing.Difference(expected, found)}");
    }

    public void AssertRemounts(IReadOnlyList<IBlockDevice> disks, string label)
    {
        foreach (IBlockDevice disk in disks) MediaAudit.AssertSound(disk, $"{Place}, {disk.Name}");
        using (ClusterMount mount = RecordedScript.Mount(disks, label))
        {
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            string found = TreeListing.Of(ops, _player.Model.Root.Inum);
            Assert.True(_states.IndexOf(found, _synced) >= 0,
                $"{Place}: {Error}; {TreeListing.Difference(_states[_synced], found)}");
            Hammer2Error error = mount.Pfs.OpenForWriting(RecordedScript.Options(2));
            bool hasQuorum = mount.Pfs.Membership.SyncedTotal >= mount.Pfs.Membership.Quorum;
            Assert.Equal(hasQuorum ? Hammer2Error.None : Hammer2Error.NoQuorum, error);
            if (!hasQuorum) return;
            Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, "afterwards"u8,
                new NewObject(ObjectType.RegularFile, UnixMode.O644), Caller, out _));
            Assert.Equal(Errno.None, ops.Sync());
        }
        foreach (IBlockDevice disk in disks) MediaAudit.AssertSound(disk, $"{Place}, {disk.Name}, afterwards");
    }
}
