// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Hammer2.Cluster.PfsRoots;

namespace Hammer2.Cluster.Transactions;

/// <summary>A frozen transaction group that a commit writes.</summary>
/// <param name="Inodes">Its images by inode number.</param>
/// <param name="Ids">What identifies this attempt to commit it.</param>
/// <param name="LastInum">The highest inode number assigned.</param>
/// <param name="ReservedBytes">Space reserved for it, blocks of file data not included.</param>
/// <param name="HasOrphans">True when inodes without a link are in use once it is committed.</param>
internal sealed record SyncingGroup(
    List<FrozenInode> Inodes, CommitIds Ids, ulong LastInum, long ReservedBytes, bool HasOrphans)
{
    /// <summary>Attempts to commit it that were abandoned.</summary>
    public int Attempts { get; init; }

    /// <summary>Changes of the list of PFSs that become durable with it.</summary>
    public IReadOnlyList<PfsRootEdit> Edits { get; init; } = [];

    /// <summary>Numbers of earlier attempts, some nodes of which may hold them: a quorum did not.</summary>
    public ImmutableArray<ulong> FormerTids { get; init; } = [];

    /// <summary>What identified the first attempt, if it failed.</summary>
    public CommitIds? FirstIds { get; init; }

    /// <summary>What the roots carry that its changes of the list of PFSs make: the same on nodes that took different
    /// attempts.</summary>
    public CommitIds EditIds => FirstIds ?? Ids;

    /// <summary>True once one of the attempts may be on a node's media: then nothing may leave the group any
    /// more.</summary>
    public bool MayBePublished { get; init; }

    /// <summary>True when one of them is a snapshot of this group's state.</summary>
    public bool HasSnapshot => Edits.Any(static edit => edit.IsSnapshot);

    /// <summary>True when it deletes inodes or PFSs or truncates files, so that bulkfree finds space
    /// afterwards.</summary>
    public bool Removes => Edits.Any(static edit => edit.Removes)
        || Inodes.Exists(inode => inode.IsDeleted || inode.Changes is { TruncatedFrom: not LeafDelta.NotTruncated });

    /// <summary>modify_tid of something in it that an operation changed.</summary>
    public ulong ModifyTidOf(ulong operation) => Math.Max(operation, Ids.Floor);
}
