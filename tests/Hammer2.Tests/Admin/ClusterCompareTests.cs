// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// Goal: equal nodes of a cluster are found equal, even if their trees have different shapes, and each difference is
/// reported with its path. Method: the cluster images, and single fields of one node changed.
/// </summary>
public sealed class ClusterCompareTests
{
    private static readonly FsckOptions Usual = new();

    [Theory]
    [InlineData("cluster2", 2)]
    [InlineData("cluster3", 3)]
    public void Nodes_that_upstream_wrote_equally_are_equal(string image, int count)
    {
        ClusterReport report = Compare(GoldenImage.Nodes(image).Select(GoldenImage.OpenVolumes));
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.Equal("CL", report.Label);
        Assert.Equal(count, report.Nodes.Count(node => node.State == NodeState.Synced));
        Assert.True(report.Compared > 50);
    }

    [Fact]
    public void A_node_that_was_missing_is_stale_and_the_others_are_equal()
    {
        ClusterReport report = Compare(GoldenImage.Nodes("cluster3-lag").Select(GoldenImage.OpenVolumes));
        Assert.Equal(
            [NodeState.Synced, NodeState.Synced, NodeState.Stale],
            report.Nodes.Select(node => node.State));
        FsckFinding finding = Assert.Single(report.Findings);
        Assert.Equal((FsckCode.ClusterStale, FsckSeverity.Warning), (finding.Code, finding.Severity));
        Assert.Equal(0, report.DifferencesTotal);
    }

    [Fact]
    public void Each_difference_is_reported_with_its_path()
    {
        using var edit = new MediaEdit("cluster3.n1");
        ulong inum = 0;
        edit.Reference(
            (in reference) => reference.Type == BlockrefType.Inode && reference.Key > Media.InumFirst,
            (ref reference) =>
            {
                inum = reference.Key;
                reference.ModifyTid ^= 1;
            });
        ClusterReport report = Compare(
            [GoldenImage.OpenVolumes("cluster3.n0"), edit.Open(), GoldenImage.OpenVolumes("cluster3.n2")]);
        FsckFinding finding = Assert.Single(report.Findings);
        Assert.Equal((FsckCode.ClusterDiffers, inum), (finding.Code, finding.Inum));
        Assert.StartsWith("/", Encoding.UTF8.GetString(finding.Path!), StringComparison.Ordinal);
        Assert.Contains("was last changed by", finding.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x54, "differs")] // mode
    [InlineData(0x200, "differs")] // embedded data, or a reference
    public void A_changed_inode_is_found(int offset, string text)
    {
        using var edit = new MediaEdit("cluster3.n2");
        edit.Edit(
            edit.Some(BlockrefType.Inode, block => block.Reference.Key > Media.InumFirst
                && block.Reference.Subtree.DataCount == 0),
            bytes => bytes[offset] ^= 1);
        ClusterReport report = Compare([GoldenImage.OpenVolumes("cluster3.n0"), edit.Open()]);
        Assert.Contains(report.Findings, finding => finding.Text.Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public void Objects_missing_on_one_node_are_found()
    {
        using var edit = new MediaEdit("cluster2.n1");
        edit.Reference((in reference) => reference.Type == BlockrefType.Dirent, (ref reference) => reference = default);
        edit.Reference(
            (in reference) => reference.Type == BlockrefType.Data, (ref reference) => reference.Check[0] ^= 1);
        ClusterReport report = Compare([GoldenImage.OpenVolumes("cluster2.n0"), edit.Open()]);
        Assert.Equal(2, report.DifferencesTotal);
        Assert.Contains(report.Findings, finding => finding.Text.Contains("is only on", StringComparison.Ordinal));
        Assert.Contains(report.Findings, finding => finding.Text.Contains("two check codes", StringComparison.Ordinal));
    }

    [Fact]
    public void Filesystems_without_a_common_cluster_are_not_compared()
    {
        using VolumeSet one = GoldenImage.OpenVolumes("basic-types"), other = GoldenImage.OpenVolumes("dmg-base");
        Assert.Empty(ClusterCompare.Run([one, other], Usual));
    }

    private static ClusterReport Compare(IEnumerable<VolumeSet> nodes)
    {
        List<VolumeSet> sets = [.. nodes];
        try
        {
            return Assert.Single(ClusterCompare.Run(sets, Usual));
        }
        finally
        {
            foreach (VolumeSet set in sets) set.Dispose();
        }
    }
}
