// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>What an operation is charged leaves its reservation and is the group's; the rest of the reservation is
/// released with the operation; a torn operation stops the PFS.</summary>
public sealed class OperationLedgerTests : IDisposable
{
    private const long Reserved = 4L << 20;

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory();
    private readonly ClusterMount _mount;
    private readonly TransactionGate _gate = new();
    private readonly SpaceReserve _space;
    private readonly FailStop _failStop = new(NullLogger.Instance, "test", new QuorumPolicySetting());
    private readonly OperationLedger _ledger;

    public OperationLedgerTests()
    {
        _mount = ModelMount.Open([_disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting());
        _space = new SpaceReserve(_mount.Pfs.View);
        var numbers = new CommitNumbers(_mount.Pfs.ClusterNodes, new SeededRandom(1).NextUInt64);
        _ledger = new OperationLedger(_gate, numbers, _space, _failStop);
    }

    private long SpaceReserved => _mount.Pfs.Nodes[0].Device.Committer!.Space.ReservedBytes;

    public void Dispose()
    {
        _space.Dispose();
        _gate.Dispose();
        _mount.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public void Charges_move_from_the_reservation_to_the_group_and_the_rest_is_released()
    {
        long before = SpaceReserved;
        PendingOperation operation = Begin();
        DirtyInode directory = TestInodes.Make(1024), file = TestInodes.Make(1025);
        _ledger.Touch(ref operation, directory);
        long first = Reserved - operation.ReservedBytes;
        _ledger.Touch(ref operation, directory);
        Assert.Equal(first, Reserved - operation.ReservedBytes);
        _ledger.Touch(ref operation, file);
        long second = Reserved - operation.ReservedBytes - first;
        Assert.InRange(second, 1, first - 1);               // it is in the commit of the first one
        _ledger.ChargeEntry(ref operation, directory);
        directory.Changes.Entries.Set(
            Media.EntryKeyBit, new DirentDelta([1], 1025, ObjectType.RegularFile, operation.Tid));
        long firstEntry = Reserved - operation.ReservedBytes - first - second;
        _ledger.ChargeEntry(ref operation, directory);
        long nextEntry = Reserved - operation.ReservedBytes - first - second - firstEntry;
        Assert.InRange(nextEntry, 1, firstEntry - 1);       // it shares the path of the first one
        Assert.Equal((2, 2), (_gate.OpenInodes, _gate.OpenLeaves));
        Assert.Equal(Reserved, operation.ReservedBytes + _gate.OpenReservedBytes);
        operation.IsComplete = true;
        End(ref operation);
        Assert.Equal(before + _gate.OpenReservedBytes, SpaceReserved);
        Assert.False(_failStop.IsStopped);
    }

    [Fact]
    public void What_an_operation_changes_is_committed_together_and_carries_its_number()
    {
        PendingOperation operation = Begin();
        DirtyInode left = TestInodes.Make(1024), right = TestInodes.Make(1025), other = TestInodes.Make(1026);
        _ledger.Touch(ref operation, left);
        _ledger.Touch(ref operation, right);
        Assert.Equal((operation.Tid, operation.Tid), (left.ModifyTid, right.ModifyTid));
        operation.IsComplete = true;
        End(ref operation);
        PendingOperation next = Begin();
        Assert.True(next.Tid > operation.Tid);
        _ledger.Touch(ref next, other);
        next.IsComplete = true;
        End(ref next);
        using (_gate.EnterExclusive()) Assert.Equal(2, _gate.CloseDependents([right]).Members.Count);
        Assert.Equal(1, _gate.OpenInodes);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Only_an_operation_that_changed_something_is_torn(bool hasChanged)
    {
        PendingOperation operation = Begin();
        if (hasChanged) _ledger.Touch(ref operation, TestInodes.Make(1024));
        End(ref operation);
        Assert.Equal(hasChanged ? Hammer2Error.Internal : Hammer2Error.None, _failStop.Reason);
    }

    private PendingOperation Begin()
    {
        Assert.True(_space.TryReserve(Reserved, 0, SpaceUse.Add));
        var operation = new PendingOperation { ReservedBytes = Reserved };
        _gate.Enter();
        _ledger.Begin(ref operation);
        return operation;
    }

    private void End(ref PendingOperation operation)
    {
        _ledger.StopIfTorn(operation);
        _ledger.End(ref operation);
    }
}
