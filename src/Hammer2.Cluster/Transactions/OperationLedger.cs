// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// What running operations change in the open group, and the space that they are charged for it out of their
/// reservations.
/// </summary>
/// <remarks>An operation runs between <see cref="Begin"/> and <see cref="End"/>; members for inodes need their locks
/// exclusively.</remarks>
internal sealed class OperationLedger
{
    private readonly TransactionGate _gate;
    private readonly CommitNumbers _numbers;
    private readonly SpaceReserve _space;
    private readonly FailStop _failStop;

    public OperationLedger(TransactionGate gate, CommitNumbers numbers, SpaceReserve space, FailStop failStop)
    {
        _gate = gate;
        _numbers = numbers;
        _space = space;
        _failStop = failStop;
    }

    /// <summary>Numbers an operation of the open group, when it has all its locks: of two that change an inode, the
    /// later has the higher number.</summary>
    /// <remarks>Entry: the gate is held shared.</remarks>
    public void Begin(ref PendingOperation operation) => operation.Tid = _numbers.NextOperation();

    /// <summary>Says that an operation changed an inode, which from now on is in the open group together with the
    /// others that it changed.</summary>
    public void Touch(ref PendingOperation operation, DirtyInode inode)
    {
        operation.HasChanged = true;
        inode.ModifyTid = Math.Max(inode.ModifyTid, operation.Tid);
        bool isDependent = operation.FirstChanged is { } other && other != inode;
        if (_gate.TryAdd(inode))
            Charge(ref operation, inode, isDependent ? SpaceCost.DependentInodeBytes : SpaceCost.InodeBytes);
        if (operation.FirstChanged is not { } first) operation.FirstChanged = inode;
        else if (first != inode) _gate.Join(first, inode);
    }

    /// <summary>Charges for a block of file data that is not among the changed ones of its file yet.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="file">The file.</param>
    /// <param name="key">First byte of the block.</param>
    public void ChargeBlock(ref PendingOperation operation, DirtyInode file, ulong key) => ChargeLeaf(
        ref operation, file, SpaceCost.FirstBlockBytes(Math.Max(file.Meta.Size, key + Media.FileBlockBytes)));

    /// <summary>Charges for a changed directory entry.</summary>
    public void ChargeEntry(ref PendingOperation operation, DirtyInode directory) =>
        ChargeLeaf(ref operation, directory, SpaceCost.FirstLeafBytes);

    /// <summary>Charges for the first truncation of a file in a group.</summary>
    public void ChargeTruncation(ref PendingOperation operation, DirtyInode file) =>
        Charge(ref operation, file, SpaceCost.TruncationBytes(file.Meta.Size));

    /// <summary>Stops the PFS when an operation changed something and ended before it was done.</summary>
    /// <remarks>What there is of it is in one group with everything else. The gate is still held, so that no group is
    /// closed with it before this is known.</remarks>
    public void StopIfTorn(in PendingOperation operation)
    {
        if (operation is { HasChanged: true, IsComplete: false })
            _failStop.Stop("an operation, which ended halfway", failure: null);
    }

    /// <summary>Ends an operation: releases what is left of its reservation, and the gate.</summary>
    /// <remarks>Entry: no inode lock held.</remarks>
    public void End(ref PendingOperation operation)
    {
        _space.Release(operation.ReservedBytes);
        operation.ReservedBytes = 0;
        _gate.Exit();
    }

    private void ChargeLeaf(ref PendingOperation operation, DirtyInode inode, long firstBytes)
    {
        _gate.CountLeaf();
        LeafDelta delta = inode.Changes;
        bool isFirst = delta.Blocks.Count == 0 && delta.Entries.Count == 0;
        Charge(ref operation, inode, isFirst ? firstBytes : SpaceCost.LeafBytes);
    }

    private void Charge(ref PendingOperation operation, DirtyInode inode, long bytes)
    {
        operation.ReservedBytes -= bytes;
        _gate.Charge(inode, bytes);
    }
}
