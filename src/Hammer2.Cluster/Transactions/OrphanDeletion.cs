// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>Deletes inodes that have no link and are not in use any more.</summary>
internal sealed class OrphanDeletion(TransactionSource transactions)
{
    /// <summary>Deletes an inode if it has no link: it goes with the next commit.</summary>
    /// <param name="inum">Its number.</param>
    /// <returns>None; NoEntry; the fault of a block on the way to it.</returns>
    /// <remarks>Entry: no lock held. Needs no reservation: deleting must always be possible.</remarks>
    public Hammer2Error Run(ulong inum)
    {
        var operation = default(PendingOperation);
        using Transaction transaction = transactions.Begin(ref operation, new LockedInodes(inum, 0, 0, 0));
        Hammer2Error error = transaction.Open(inum, out DirtyInode? inode);
        bool isOrphan = error == Hammer2Error.None && inode!.Meta.LinkCount == 0 && inum != Media.PfsRootInum;
        if (isOrphan) transaction.Delete(inode!);
        transaction.Complete();
        return error;
    }
}
