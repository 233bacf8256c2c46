// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Resync;
using Hammer2.Cluster.Scrubbing;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Simulation;

/// <summary>What is done to a mount that may write, between and during operations and resynchronizations; what it shows
/// and answers is judged at once.</summary>
internal sealed class SimulatedSession
{
    private const int UnitsMax = 12;

    private readonly SimulatedCluster _cluster;
    private readonly SimulatedMount _mount;
    private readonly AcknowledgedStates _states;
    private readonly SimulationCounts _counts;
    private readonly SimulatedChanges _changes;
    private readonly SimulatedUpkeep _upkeep;
    private readonly ScriptPlayer _player;
    private bool _hasEnded;

    public SimulatedSession(
        SimulatedCluster cluster, SimulatedMount mount, AcknowledgedStates states, SimulationCounts counts)
    {
        (_cluster, _mount, _states, _counts) = (cluster, mount, states, counts);
        _changes = new SimulatedChanges(cluster, mount, counts);
        _upkeep = new SimulatedUpkeep(cluster, mount, counts);
        _player = new ScriptPlayer(cluster.Random, cluster.HasAttributes)
        {
            EndsAtFault = true,
            Model = new ModelFileSystem { Root = ModelCopy.Of(states.Last) },
        };
    }

    /// <summary>What went wrong within a callback, where nothing may be thrown.</summary>
    public Exception? Violation { get; private set; }

    private SeededRandom Random => _cluster.Random;

    private bool IsOver => _hasEnded || Violation is not null || !_mount.IsWritten;

    /// <summary>Does drawn things until so many are done, or the mount is of no use any more.</summary>
    public void Run(int actions)
    {
        for (int i = 0; i < actions && !IsOver; i++)
        {
            Act(depth: 0);
            AssertAlive();
        }
    }

    /// <summary>Plays operations.</summary>
    public void Play(int steps)
    {
        for (int i = 0; i < steps && !IsOver; i++)
        {
            try
            {
                _player.Play(_mount.Ops, 1);
                _states.Record(_player.Model.Root);
            }
            catch (ScriptFaultException fault)
            {
                _states.Record(_player.Model.Root);
                Refused($"an operation: {fault.Error}");
            }
        }
    }

    /// <summary>Makes everything durable.</summary>
    public void Sync()
    {
        _cluster.IsInDoubt = true;
        Errno error = _mount.Ops.Sync();
        if (error == Errno.None)
        {
            Acknowledge();
            return;
        }
        Refused($"sync: {error}");
        CompareStopped();
    }

    // What was accepted is shown as long as the mount stands, also what no node has.
    private void CompareStopped()
    {
        bool isRead = !_mount.View.Readers.IsEmpty;
        // An object of the last group has one version on nodes that have the commit, and another one elsewhere.
        foreach (int slot in _mount.View.Readers)
            isRead &= _cluster.NodeOf(_mount.View[slot]) is { IsTainted: false, Disk.IsReadable: true };
        if (isRead && !_cluster.IsCut) CompareAll();
    }

    /// <summary>Compares everything with the model.</summary>
    public void Compare()
    {
        if (_mount.IsReadable) CompareAll();
    }

    private void CompareAll()
    {
        bool wasQuiet = _cluster.IsQuiet;
        _cluster.IsQuiet = true;
        string expected = TreeListing.Of(_player.Model.Root);
        string found = TreeListing.Of(_mount.Ops, _player.Model.Root.Inum);
        Assert.True(expected == found, $"shown: {TreeListing.Difference(expected, found)}");
        _player.Compare(_mount.Ops);
        _cluster.IsQuiet = wasQuiet;
    }

    /// <summary>Resynchronizes a node, while other things are done.</summary>
    public Hammer2Error Resynchronize(PresentNode node, int depth)
    {
        int units = 0;
        (NodeState before, ResyncProgress? progress) = (node.State, node.Resync);
        int? kept = KeptSnapshots.Count(node.Device);
        Hammer2Error error = _mount.Writer.Resynchronize(node, () =>
        {
            if (IsOver) return true;
            // Nothing may begin while the last changes of a node are copied.
            bool isCopied = node.State is NodeState.Copying or NodeState.CatchingUp && !_mount.IsHeldUp;
            if (depth < 0 || !isCopied || _mount.IsReclaiming || units++ > UnitsMax) return false;
            Guard(() => Act(depth + 1));
            return Random.OneIn(30);
        });
        _cluster.Say($"resynchronization of {node.Name}: {error}");
        SimulatedNode simulated = _cluster.NodeOf(node);
        bool holdsOwn = before is NodeState.Newer or NodeState.Foreign || simulated.HoldsOwn;
        bool wasOwn = holdsOwn && node.Resync != progress;
        bool isKept = kept is null || KeptSnapshots.Count(node.Device) is not { } now || now > kept;
        if (wasOwn) simulated.HoldsOwn = false;
        Assert.True(Violation is not null || !wasOwn || isKept,
            $"{node.Name} was {before}, and what it held is kept nowhere");
        if (error == Hammer2Error.None)
        {
            _counts.Resyncs++;
            Learn();
        }
        Assert.True(Violation is not null || error != Hammer2Error.Internal, "an invariant broke");
        return error;
    }

    /// <summary>Ends it in order: what has no name is forgotten, and all is durable.</summary>
    public void Close()
    {
        if (IsOver) return;
        try
        {
            _player.ForgetAll(_mount.Ops);
        }
        catch (ScriptFaultException fault)
        {
            Refused($"forgetting: {fault.Error}");
        }
        if (!IsOver) Sync();
    }

    private void Act(int depth)
    {
        _cluster.IsInDoubt = true;
        switch (Random.Below(25))
        {
            case < 7:
                Play(1 + Random.Below(6));
                break;
            case < 11:
                Sync();
                break;
            case 11 or 12 when depth < 2:
                ResyncOne(depth);
                break;
            case 13:
                Restore();
                foreach (PresentNode node in _mount.Returns.Check()) _cluster.Say($"{node.Name} returned");
                break;
            case 14:
                _changes.Draw();
                Learn();
                break;
            case 15:
                Spoil();
                break;
            case 16 when _mount.IsReadable:
                _ = _mount.Writer.Heal();
                break;
            case 17 when _mount.IsReadable:
                _ = _mount.Writer.Reclaim(new ReclaimOptions(Discards: false), out _);
                break;
            case 18 or 19 or 20:
                SyncObject();
                break;
            case 21 when depth < 2:
                Scrub(depth);
                break;
            case 22 when depth < 2:
                RunOutOfSpace();
                break;
            default:
                Compare();
                break;
        }
    }

    // As fsync does.
    private void SyncObject()
    {
        ulong[] inums = [.. ObjectListing.NumbersOf(_player.Model.Root)];
        ulong inum = Random.Pick<ulong>(inums);
        _states.BeginObject();
        long lost = _mount.Writer.LeftOutTotal;
        Errno error = _mount.Ops.Commit(inum);
        // What fsync(2) of a file tells whose changes had to be left out.
        if (error == Errno.None && _mount.Writer.LeftOutTotal != lost) error = Errno.EIO;
        _cluster.Say($"fsync of {inum}: {error}");
        if (error != Errno.None)
        {
            Refused($"fsync: {error}");
            CompareStopped();
            return;
        }
        _states.AcknowledgeObject(inum);
        _counts.ObjectSyncs++;
        Learn();
    }

    private void Scrub(int depth)
    {
        PresentNode[] synced = [.. _mount.View.Nodes.Where(node => node.IsSynced)];
        if (synced.Length == 0) return;
        int left = Random.OneIn(2) ? Random.Below(400) : int.MaxValue;
        var options = new ScrubOptions(IsErrorsOnly: Random.OneIn(4), IsRestarted: Random.OneIn(4));
        _ = _upkeep.Scrub(Random.Pick<PresentNode>(synced), options, () =>
        {
            if (IsOver) return true;
            if (Random.OneIn(60) && !_mount.IsReclaiming && !_mount.IsHeldUp) Guard(() => Act(depth + 1));
            return left-- <= 0;
        });
    }

    // Another PFS of a device has all of its space: what was accepted is committed, and a copy waits.
    private void RunOutOfSpace()
    {
        PresentNode node = Random.Pick<PresentNode>([.. _mount.View.Nodes]);
        bool isSynced = node.IsSynced;
        _upkeep.RunWithoutSpace(node, () =>
        {
            if (isSynced) Sync();
            else if (IsBehind(node)) _ = Resynchronize(node, depth: -1);
        });
    }

    private void ResyncOne(int depth)
    {
        PresentNode[] behind = [.. _mount.View.Nodes.Where(IsBehind)];
        if (behind.Length > 0) _ = Resynchronize(Random.Pick<PresentNode>(behind), depth);
    }

    private static bool IsBehind(PresentNode node) => node.State is NodeState.Stale or NodeState.Uncertain
        or NodeState.Newer or NodeState.Foreign or NodeState.Passive or NodeState.Full;

    // Devices answer again. What a device lost by a lack of power must have been noticed.
    private void Restore()
    {
        foreach (SimulatedNode node in _cluster.Nodes)
        {
            if (Random.OneIn(3)) continue;
            node.Disk.Heal();
            PresentNode? present = _mount.View.Nodes.FirstOrDefault(one => one.Name == node.Name);
            if (present is null || present.Device.Committer is { IsFenced: true }) node.Disk.RestorePower();
        }
    }

    private void Spoil()
    {
        SimulatedNode node = Random.Pick<SimulatedNode>([.. _cluster.Nodes]);
        if (!node.IsFormatted || !node.Disk.IsUp || !_cluster.MayDamage(node)) return;
        if (DamagedBlocks.Spoil(_cluster, node, 1 + Random.Below(6))) _counts.Spoiled++;
    }

    private void Acknowledge()
    {
        _states.Acknowledge();
        Learn();
    }

    private void Learn() => _cluster.Acknowledge(_mount.View, _mount.Pfs.Membership.MastersTotal);

    // The mount refuses to go on: it must have a reason.
    private void Refused(string what)
    {
        _cluster.Say($"{what}: {_mount.Describe()}");
        Assert.True(_cluster.IsCut || _mount.Writer.IsStopped || !_mount.IsReadable, $"{what} without a reason");
        _hasEnded = true;
    }

    private void AssertAlive()
    {
        if (Violation is not null || _cluster.IsCut || !_mount.Writer.IsStopped) return;
        Assert.True(_mount.Writer.StopReason != Hammer2Error.Internal, "an invariant broke");
        Assert.True(_mount.View.Synced.Count < _mount.View.Quorum,
            $"stopped with a quorum: {_mount.Writer.StopReason}, {_mount.Describe()}");
    }

    // An exception must not reach the driver, which would take it for its own.
    private void Guard(Action act)
    {
        try
        {
            act();
        }
        catch (Exception failure)
        {
            Violation ??= failure;
        }
    }
}
