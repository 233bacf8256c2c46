// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Format;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging;

namespace Hammer2.Fuse.Trees;

/// <summary>Rolls the PFS of a mount back while it is mounted.</summary>
/// <param name="pfs">The PFS.</param>
/// <param name="vnodes">The operations on its objects.</param>
/// <param name="tree">What the kernel sees of it.</param>
/// <param name="mounts">The mount itself; null when the kernel has none, in tests.</param>
/// <param name="logger">Receives messages.</param>
internal sealed class LiveRollback(
    Pfs pfs, VnodeOps vnodes, MountedTree tree, Func<FuseMount?> mounts, ILogger logger)
{
    /// <summary>True when the PFS can be written.</summary>
    public bool IsWritable => pfs.Writer is not null;

    /// <summary>Gives the PFS another content, and has the kernel forget the one before.</summary>
    /// <param name="isForced">True to do so although files are open for writing, which are stale then.</param>
    /// <param name="rollback">Does it, while nothing else uses the PFS.</param>
    /// <returns>What it did. The error is Busy for open files, mounts below this one, and too many rollbacks.</returns>
    public LiveRollbackOutcome Run(bool isForced, Func<Hammer2Error> rollback)
    {
        if (mounts()?.CountBelow() is { } below and > 0)
            return new(Hammer2Error.Busy, LiveRollbackText.MountsBelow(below));
        // What programs have written to files that stay open is in the state that is kept, as far as it is known now.
        if (isForced && mounts()?.PassOnDelayedWrites() is { } lost) TreeLog.WritesNotPassedOn(logger, lost);
        Hammer2Error error = Hammer2Error.None;
        string? reason = null;
        Inode formerRoot = default, root = default;
        ExchangedTree exchanged = tree.Exchange(isForced, () =>
        {
            if (vnodes.Sync() != Errno.None) error = Hammer2Error.Io;
            else if (pfs.Writer!.LastInum > TreeNodes.InumMax / 2)
                (error, reason) = (Hammer2Error.Busy, LiveRollbackText.NumbersTooGreat);
            else error = pfs.GetInode(VnodeOps.RootInum, out formerRoot);
            if (error != Hammer2Error.None) return false;
            IReadOnlyList<ulong> before = pfs.RootLocations;
            error = rollback();
            // Also after an error, unless nothing was committed: what is on the nodes counts.
            if (before.SequenceEqual(pfs.RootLocations)) return false;
            vnodes.ForgetObjects();
            error |= pfs.GetInode(VnodeOps.RootInum, out root);
            return true;
        });
        if (exchanged.IsExchanged) Invalidate(exchanged, formerRoot, root);
        else if (error == Hammer2Error.None)
        {
            (error, reason) = (Hammer2Error.Busy, exchanged.HasEnded
                ? LiveRollbackText.Ending : LiveRollbackText.OpenFiles(exchanged.OpenForWriting));
        }
        return new(error, reason);
    }

    private void Invalidate(in ExchangedTree exchanged, in Inode formerRoot, in Inode root)
    {
        if (tree.Notifier is not { } notifier || root.Inum == 0) return;
        Hammer2Error error = TreeInvalidation.Send(notifier, exchanged, formerRoot, root);
        if (error != Hammer2Error.None) TreeLog.NamesNotInvalidated(logger, error);
    }
}

/// <summary>What a rollback of a mounted PFS did.</summary>
/// <param name="Error">None when it is rolled back.</param>
/// <param name="Reason">Why it was refused, where the error does not say it.</param>
internal readonly record struct LiveRollbackOutcome(Hammer2Error Error, string? Reason);
