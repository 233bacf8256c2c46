// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>The orphans as of the last commit, or of the group that a commit writes: inodes without a link that are in
/// use. Each commit says whether there are any.</summary>
/// <remarks>Used by one commit at a time.</remarks>
internal sealed class OrphanSet
{
    private readonly HashSet<ulong> _orphans = [];

    /// <summary>True while it is not known which orphans a crash left.</summary>
    public bool IsUnknown { get; set; }

    /// <summary>True when there are orphans, or may be.</summary>
    public bool HasAny => IsUnknown || _orphans.Count > 0;

    /// <summary>Forgets all of them, when the PFS got another content.</summary>
    /// <param name="isUnknown">True when the other content may have orphans.</param>
    public void Reset(bool isUnknown)
    {
        _orphans.Clear();
        IsUnknown = isUnknown;
    }

    /// <summary>Notes an inode as a commit writes it, or as it is after its changes were given up.</summary>
    public void Note(ulong inum, ulong linkCount, bool isDeleted)
    {
        if (isDeleted || linkCount != 0 || inum == Media.PfsRootInum) _ = _orphans.Remove(inum);
        else _ = _orphans.Add(inum);
    }
}
