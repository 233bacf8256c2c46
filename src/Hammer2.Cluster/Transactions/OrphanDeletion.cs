// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Operations;
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
        ulong file;
        {
            var operation = default(PendingOperation);
            using Transaction transaction = transactions.Begin(ref operation, new LockedInodes(inum, 0, 0, 0));
            Hammer2Error error = transaction.Open(inum, out DirtyInode? inode);
            bool isOrphan = error == Hammer2Error.None && IsOrphan(inode!);
            file = isOrphan ? AttributeFileOf(inode!) : 0;
            if (isOrphan && file == 0) transaction.Delete(inode!);
            transaction.Complete();
            if (file == 0) return error;
        }
        return RunWithFile(inum, file, DirectoryOf(file));
    }

    private static bool IsOrphan(DirtyInode inode) => inode.Meta.LinkCount == 0 && inode.Inum != Media.PfsRootInum;

    // The file with the extended attributes of an inode; 0 for none.
    private static ulong AttributeFileOf(DirtyInode inode) =>
        AttributeRecord.TryRead(inode.AfterName, inode.Inum, out AttributeRecord record) ? record.File : 0;

    // The directory that a file was made in; 0 when it cannot be read.
    private ulong DirectoryOf(ulong file)
    {
        var operation = default(PendingOperation);
        using Transaction transaction = transactions.Begin(ref operation, new LockedInodes(file, 0, 0, 0));
        Hammer2Error error = transaction.Open(file, out DirtyInode? inode);
        transaction.Complete();
        return error == Hammer2Error.None ? inode!.Meta.ParentInum : 0;
    }

    // The file goes in the same operation, if it is that inode's: its name says so.
    private Hammer2Error RunWithFile(ulong inum, ulong file, ulong directory)
    {
        var operation = default(PendingOperation);
        using Transaction transaction = transactions.Begin(
            ref operation, new LockedInodes(inum, file, directory, 0));
        Hammer2Error error = transaction.Open(inum, out DirtyInode? inode);
        if (error != Hammer2Error.None || !IsOrphan(inode!)) return error;
        if (directory != 0 && AttributeFileOf(inode!) == file) RemoveFile(transaction, inum, file, directory);
        transaction.Delete(inode!);
        transaction.Complete();
        return error;
    }

    // What cannot be read stays, and is found by fsck.
    private static void RemoveFile(in Transaction transaction, ulong inum, ulong file, ulong directory)
    {
        if (transaction.Open(directory, out DirtyInode? parent) != Hammer2Error.None) return;
        if (transaction.Open(file, out DirtyInode? stored) != Hammer2Error.None) return;
        if (parent!.Meta.Type != ObjectType.Directory || stored!.Meta.Type != ObjectType.RegularFile) return;
        if (AttributeEntries.Remove(transaction, parent, inum, file) == Hammer2Error.None) transaction.Delete(stored);
    }
}
