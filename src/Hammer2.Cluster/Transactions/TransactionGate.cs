// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;
using Concurrency;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Which operations belong to which transaction group: operations run while they hold the gate shared; a group is
/// closed while it is held exclusively, for a time that does not depend on the size of the group.
/// </summary>
/// <remarks>Locks: the gate, rank 20; the members of the open group, rank 70, for moments.</remarks>
internal sealed class TransactionGate : IDisposable
{
    private readonly RankedReaderWriterLock _gate = new(LockRank.TransactionGate);
    private readonly RankedLock _membersLock = new(LockRank.GroupMembers);
    private readonly RankedMonitor _closedLock = new(LockRank.GroupClosing);
    private TransactionGroup _open = new(number: 1);
    private ulong _lastNumber = 1;
    private volatile bool _isSuspended;

    /// <summary>Inodes in the open group.</summary>
    public int OpenInodes => Volatile.Read(ref _open).Members.Count;

    /// <summary>Space reserved for the open group, blocks of file data not included.</summary>
    public long OpenReservedBytes => Volatile.Read(ref _open).ReservedBytes;

    /// <summary>Entries and blocks of file data changed in the open group.</summary>
    public int OpenLeaves => Volatile.Read(ref _open).Leaves;

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    /// <summary>Begins an operation of the open group.</summary>
    /// <remarks>Entry: no lock of rank 20 or more held. Exit: the gate shared.</remarks>
    public void Enter()
    {
        _gate.EnterShared();
        while (_isSuspended)
        {
            _gate.ExitShared();
            AwaitResumption();
            _gate.EnterShared();
        }
    }

    /// <summary>Ends it.</summary>
    public void Exit() => _gate.ExitShared();

    /// <summary>Waits until no operation runs, and lets none begin until the result is disposed of.</summary>
    public Exclusion EnterExclusive()
    {
        _gate.EnterExclusive();
        return new Exclusion(_gate);
    }

    /// <summary>Lets no operation begin from now on, without a lock being held meanwhile, so that commits go
    /// on.</summary>
    /// <remarks>Entry: the gate is held exclusively, and it is not suspended.</remarks>
    public void Suspend() => _isSuspended = true;

    /// <summary>Lets operations begin again.</summary>
    public void Resume()
    {
        using (_closedLock.EnterScope())
        {
            _isSuspended = false;
            _closedLock.PulseAll();
        }
    }

    /// <summary>True when an inode is in a group that was closed and is not frozen for that yet.</summary>
    /// <remarks>Entry: the gate is held, and the lock of the inode.</remarks>
    public bool NeedsFreezing(DirtyInode inode) => inode.Member is { } member && !IsInOpen(member);

    /// <summary>Adds an inode to the open group; false when it is in it.</summary>
    /// <remarks>Entry: the gate is held, and the lock of the inode exclusively.</remarks>
    public bool TryAdd(DirtyInode inode)
    {
        if (inode.Member is not null) return false;
        using (_membersLock.EnterScope()) inode.Member = _open.Add(inode);
        return true;
    }

    /// <summary>Charges reserved space to an inode of the open group.</summary>
    /// <remarks>Entry: the gate is held, and the lock of the inode exclusively.</remarks>
    public void Charge(DirtyInode inode, long bytes) => _open.Charge(inode.Member!, bytes);

    /// <summary>Counts a changed entry or block of the open group.</summary>
    /// <remarks>Entry: the gate is held.</remarks>
    public void CountLeaf() => _open.CountLeaf();

    /// <summary>One operation changed both inodes: they are committed together or not at all.</summary>
    /// <remarks>Entry: the gate is held.</remarks>
    public void Join(DirtyInode left, DirtyInode right)
    {
        using (_membersLock.EnterScope()) DependentInodes.Join(left.Member!, right.Member!);
    }

    /// <summary>Closes the open group; operations after this belong to the next.</summary>
    /// <remarks>Entry: the gate is held exclusively.</remarks>
    public TransactionGroup Close()
    {
        TransactionGroup closed = _open;
        Volatile.Write(ref _open, new TransactionGroup(++_lastNumber));
        using (_closedLock.EnterScope()) _closedLock.PulseAll();
        return closed;
    }

    /// <summary>Waits until the open group is closed.</summary>
    /// <param name="milliseconds">For so long at most.</param>
    /// <remarks>Entry: the gate is not held.</remarks>
    public void AwaitClose(int milliseconds)
    {
        using (_closedLock.EnterScope()) _ = _closedLock.Wait(TimeSpan.FromMilliseconds(milliseconds));
    }

    /// <summary>Closes a part of the open group: the inodes given as far as they are dirty, with all that depends on
    /// them. The rest stays open.</summary>
    /// <remarks>Entry: the gate is held exclusively. Time grows with the part.</remarks>
    public TransactionGroup CloseDependents(IEnumerable<DirtyInode> inodes)
    {
        var part = new TransactionGroup(++_lastNumber);
        foreach (DirtyInode inode in inodes)
            if (inode.Member is { } member && IsInOpen(member)) DependentInodes.MoveSet(member, _open, part);
        return part;
    }

    /// <summary>The members of the open group that depend on inodes whose changes are given up.</summary>
    /// <remarks>Entry: the gate is held exclusively.</remarks>
    public HashSet<GroupMember> DependentsOf(IEnumerable<DirtyInode> inodes)
    {
        var some = new List<GroupMember>();
        foreach (DirtyInode inode in inodes)
            if (inode.Member is { } member && IsInOpen(member)) some.Add(member);
        return DependentInodes.AllOf(_open.Members, some);
    }

    /// <summary>Removes a member whose changes were given up from the open group.</summary>
    /// <remarks>Entry: the gate is held exclusively.</remarks>
    public void Remove(GroupMember member) => _open.Remove(member);

    private void AwaitResumption()
    {
        using (_closedLock.EnterScope())
            while (_isSuspended) _closedLock.Wait();
    }

    private bool IsInOpen(GroupMember member) => member.GroupNumber == _open.Number;

    /// <summary>Holds the gate exclusively.</summary>
    internal readonly struct Exclusion(RankedReaderWriterLock gate) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => gate.ExitExclusive();
    }
}
