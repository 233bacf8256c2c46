// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.WriteBack;

namespace Hammer2.Cluster.Transactions;

/// <summary>Begins operations: with the gate of the open group, the locks of their inodes, and a number.</summary>
internal sealed class TransactionSource
{
    private readonly TransactionGate _gate;
    private readonly InodeLocks _locks;
    private readonly OperationLedger _ledger;
    private readonly InodeCache _inodes;
    private readonly BlockWriteBack _writeBack;

    public TransactionSource(
        TransactionGate gate, InodeLocks locks, OperationLedger ledger, InodeCache inodes, BlockWriteBack writeBack)
    {
        _gate = gate;
        _locks = locks;
        _ledger = ledger;
        _inodes = inodes;
        _writeBack = writeBack;
    }

    /// <summary>Begins an operation.</summary>
    /// <param name="operation">Its reservation, of which it is charged what it needs; the rest is released.</param>
    /// <param name="inodes">The inodes that it changes.</param>
    /// <remarks>Entry: no lock held. Exit: the gate shared, the locks of the inodes exclusively.</remarks>
    public Transaction Begin(ref PendingOperation operation, LockedInodes inodes)
    {
        _gate.Enter();
        InodeLocks.Guard locks = _locks.Write(inodes);
        _ledger.Begin(ref operation);
        return new Transaction(_ledger, _inodes, _writeBack, inodes, locks, ref operation);
    }
}
