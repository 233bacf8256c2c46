// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Transactions;

/// <summary>How much the open transaction group holds, and what follows from that.</summary>
/// <param name="Inodes">Dirty inodes of the group.</param>
/// <param name="InodesInMemory">Dirty inodes of all groups, those that a commit is writing included.</param>
/// <param name="InodesMax">Most of the latter.</param>
/// <param name="Leaves">Changed entries and blocks of file data of the group.</param>
/// <param name="ReservedBytes">Space reserved for its metadata.</param>
/// <param name="AvailableBytes">Space that is left on the fullest node.</param>
internal readonly record struct GroupLoad(
    int Inodes, int InodesInMemory, int InodesMax, int Leaves, long ReservedBytes, long AvailableBytes)
{
    /// <summary>Most changed leaves; a commit begins at a quarter of that. File data that was written before the commit
    /// keeps some 300 bytes of memory for each block.</summary>
    public const int LeavesMax = 131072;

    private const int DelayMaxMilliseconds = 8;

    /// <summary>True when a commit in the background should begin.</summary>
    public bool IsDue =>
        Inodes >= InodesMax / 4 || Leaves >= LeavesMax / 4 || ReservedBytes > AvailableBytes / 2;

    /// <summary>True when operations must wait for a commit.</summary>
    public bool IsFull => Inodes > 0 && (InodesInMemory >= InodesMax || Leaves >= LeavesMax);

    /// <summary>Milliseconds by which an operation is slowed down, so that the commit before this group ends before
    /// this group is full; 0 to 8.</summary>
    public int DelayMilliseconds
    {
        get
        {
            double inodes = (double)InodesInMemory / InodesMax, leaves = (double)Leaves / LeavesMax;
            double overHalf = Math.Max(inodes, leaves) - 0.5;
            return overHalf <= 0 ? 0 : (int)Math.Ceiling(Math.Min(overHalf * 2, 1) * DelayMaxMilliseconds);
        }
    }
}
