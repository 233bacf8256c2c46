// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Concurrency;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Chains.Commits;

/// <summary>
/// A tree below an older volume header, kept from being freed and overwritten while it is held, so that a commit can
/// lead to it again. Bulkfree may have freed parts of it before, and others may have been written there.
/// </summary>
/// <remarks>
/// Order: <see cref="Hold"/>, then every PFS on the device commits, then <see cref="Verify"/>. What was allocated at an
/// address of the tree before it was held is written by then, and fails the comparison with the check code; afterwards
/// nothing is allocated there.
/// </remarks>
public sealed class FormerTree : IDisposable
{
    private readonly MediaCommitter _committer;
    private readonly VolumeHeader _header;
    private readonly Chain _root;
    private readonly PinnedRoot _pin;

    private FormerTree(MediaCommitter committer, VolumeHeader header, Chain root, PinnedRoot pin) =>
        (_committer, _header, _root, _pin) = (committer, header, root, pin);

    /// <summary>Marks all blocks of a tree as allocated, and keeps them so.</summary>
    /// <param name="committer">The filesystem.</param>
    /// <param name="header">The older header.</param>
    /// <param name="root">The inode above the tree, as that header leads to it.</param>
    /// <param name="bound">How long it should be held at most.</param>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <param name="held">The tree; null after an error.</param>
    /// <returns>None; Interrupted; Busy when too many commits are pinned; the fault of a block of the tree that is not
    /// what it was, or cannot be read: what is marked by then is freed by bulkfree.</returns>
    /// <remarks>Entry: no lock of rank 6 or higher is held.</remarks>
    public static Hammer2Error Hold(MediaCommitter committer, VolumeHeader header, Chain root, TimeSpan bound,
        Func<bool> isCancelled, out FormerTree? held)
    {
        held = null;
        using RankedLock.Scope reclaim = committer.ReclaimLock.EnterScope();
        PinnedRoot? pin = committer.PinnedRoots.Pin(
            root, header.Fields.MirrorTid, "rollback to an older header", bound);
        if (pin is null) return Hammer2Error.Busy;
        var tree = new FormerTree(committer, header, root, pin);
        Hammer2Error errors = Hammer2Error.None;
        Hammer2Error error = tree.Walk(
            reference => errors |= committer.Allocator.MarkAllocated(reference.Data, out _), isCancelled, out _);
        if ((error | errors) == Hammer2Error.None) held = tree;
        else pin.Dispose();
        return error | errors;
    }

    /// <summary>Compares every block of the tree, file data included, with its check code, as it is on media
    /// now.</summary>
    /// <param name="isCancelled">Asked now and then; true ends it.</param>
    /// <param name="fault">Where the first fault is, in words; null when there is none.</param>
    /// <returns>None; Interrupted; Check, Corrupt or Io for a block that is not what it was; NotSupported for one
    /// without a check code, of which nothing can be said.</returns>
    /// <remarks>Reads the whole tree. Entry: every PFS on the device has committed since <see cref="Hold"/>.</remarks>
    public Hammer2Error Verify(Func<bool> isCancelled, out string? fault)
    {
        Hammer2Error errors = Hammer2Error.None;
        MediaReader? reader = null;
        byte[] stored = new byte[Media.FileBlockBytes];
        // What the first walk has read is not looked at: it may have been overwritten since.
        Hammer2Error error = Walk(reference =>
        {
            if (errors == Hammer2Error.None) errors = VerifyBlock(reader!, reference, stored);
        }, () => errors != Hammer2Error.None || isCancelled(), out reader, created => reader = created);
        if (errors != Hammer2Error.None) error = errors;
        fault = error == Hammer2Error.NotSupported
            ? "a block has no check code, so that it cannot be verified"
            : reader.Faults.LastFault;
        return error;
    }

    /// <summary>Has every PFS on the devices of trees commit, so that what was allocated before is written.</summary>
    /// <returns>None; what kept one from committing.</returns>
    public static Hammer2Error CommitOthers(IReadOnlyList<FormerTree> trees)
    {
        var done = new HashSet<IMediaClient>(ReferenceEqualityComparer.Instance);
        Hammer2Error errors = Hammer2Error.None;
        foreach (FormerTree tree in trees)
        {
            foreach (IMediaClient client in tree._committer.Clients.All)
                if (done.Add(client)) errors |= tree._committer.Clients.Commit(client);
        }
        return errors;
    }

    /// <inheritdoc/>
    public void Dispose() => _pin.Dispose();

    private static Hammer2Error VerifyBlock(MediaReader reader, in Blockref reference, byte[] stored)
    {
        if (!CheckCode.Protects(reference.Methods.Check)) return Hammer2Error.NotSupported;
        return reference.Type switch
        {
            BlockrefType.Data => reader.ReadStored(reference, stored.AsSpan(0, reference.Data.SizeBytes)),
            BlockrefType.Dirent => reader.LoadOnce(reference, out _),
            _ => Hammer2Error.None,                 // the walk reads it
        };
    }

    private Hammer2Error Walk(
        Action<Blockref> show, Func<bool> isCancelled, out MediaReader reader, Action<MediaReader>? created = null)
    {
        MediaDevice device = MediaDevice.AtHeader(_committer.Device, _header);
        reader = device;
        created?.Invoke(device);
        return new ReachableWalk(device, show, isCancelled: isCancelled).Run(_root);
    }
}
