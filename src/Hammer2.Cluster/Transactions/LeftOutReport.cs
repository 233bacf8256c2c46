// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Threading;

namespace Hammer2.Cluster.Transactions;

/// <summary>Tells of changes that were accepted and could not be committed: counts their inodes, logs them, and passes
/// them on to those who tell users.</summary>
/// <remarks>Used by one commit at a time; the count is read by any thread.</remarks>
internal sealed class LeftOutReport
{
    private readonly ClusterNodes _nodes;
    private long _total;

    public LeftOutReport(ClusterNodes nodes) => _nodes = nodes;

    /// <summary>Inodes so far.</summary>
    public long Total => Volatile.Read(ref _total);

    /// <summary>Told of such inodes once they are as the last commit has them. Called within a commit: it must not
    /// block, nor make changes.</summary>
    public Action<IReadOnlyList<LeftOutInode>>? LeftOut { get; set; }

    /// <summary>Tells of inodes.</summary>
    /// <param name="inodes">At least one; as the last commit has them now.</param>
    /// <param name="cause">The inode on account of which the others were left out, too.</param>
    public void Tell(IReadOnlyList<LeftOutInode> inodes, in UnreadableInode cause)
    {
        _ = Interlocked.Add(ref _total, inodes.Count);
        MountLog.ChangesLeftOut(
            _nodes.Logger, _nodes.LabelText, inodes.Count, cause.Image.Inode.Inum, cause.Fault);
        LeftOut?.Invoke(inodes);
    }
}
