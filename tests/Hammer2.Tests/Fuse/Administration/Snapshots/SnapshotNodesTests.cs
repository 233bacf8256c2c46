// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Fuse.Administration.Doors;
using Hammer2.Fuse.Administration.Snapshots;
using Xunit;

namespace Hammer2.Tests.Fuse.Administration.Snapshots;

/// <summary>Goal: node ids of snapshots are told from all others and lead back to snapshot and inode. Method: corner
/// values.</summary>
public sealed class SnapshotNodesTests
{
    [Theory]
    [InlineData(1, 1UL)]
    [InlineData(1, SnapshotNodes.InumMax)]
    [InlineData(SnapshotNodes.SnapshotsMax, 1UL)]
    [InlineData(SnapshotNodes.SnapshotsMax, SnapshotNodes.InumMax)]
    public void A_node_id_leads_back(int snapshot, ulong inum)
    {
        ulong node = SnapshotNodes.Of(snapshot, inum);
        Assert.True(SnapshotNodes.IsOf(node));
        Assert.True(VirtualNodes.IsVirtual(node));
        Assert.Equal(snapshot, SnapshotNodes.SnapshotOf(node));
        Assert.Equal(inum, SnapshotNodes.InumOf(node));
    }

    [Fact]
    public void Greater_inode_numbers_have_none() => Assert.Equal(0UL, SnapshotNodes.Of(1, SnapshotNodes.InumMax + 1));

    [Theory]
    [InlineData(1UL)]
    [InlineData(ulong.MaxValue >> 1)]
    [InlineData(VirtualNodes.Directory)]
    [InlineData(VirtualNodes.Snapshots)]
    [InlineData((1UL << 63) | SnapshotNodes.InumMax)]
    public void Other_nodes_are_of_no_snapshot(ulong node) => Assert.False(SnapshotNodes.IsOf(node));
}
