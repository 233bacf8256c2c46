// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Healing;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Operations that change nothing but where one node stores a part of an object: its next commit stores that
/// part anew, from the other nodes.</summary>
internal sealed class RebuildTransactions(
    OperationAdmission admission, TransactionSource transactions, CommitQueue queue) : IObjectRebuild
{
    /// <inheritdoc/>
    public Hammer2Error Run(IReadOnlyList<ObjectPart> parts)
    {
        foreach (ObjectPart part in parts)
        {
            Hammer2Error error = admission.Reserve(
                Media.FileBlockBytes, 1, SpaceUse.Add, out PendingOperation operation, written: 0);
            if (error != Hammer2Error.None) return error;
            Add(part, ref operation);
        }
        return queue.CommitAll();
    }

    private void Add(in ObjectPart part, ref PendingOperation operation)
    {
        using Transaction transaction = transactions.Begin(ref operation, new LockedInodes(part.Inum, 0, 0, 0));
        // One that is gone, or that no node can read, is found so again when the place is examined.
        if (transaction.Open(part.Inum, out DirtyInode? inode) == Hammer2Error.None)
        {
            transaction.Touch(inode!);
            if (part.Key is { } key) inode!.Changes.Rebuilds.Add(new LeafRebuild(part.Slot, key, part.IsLeaf));
        }
        transaction.Complete();
    }
}
