// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Cluster.Verification;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Healing;

/// <summary>
/// Goal: nodes that are equal are found equal whatever is written meanwhile, and what differs or cannot be read on one
/// is named by path.
/// Method: a cluster with a drawn script; bytes of a file without check code are changed on one node, and blocks with
/// one are spoiled. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class NodeVerificationTests
{
    private const int NodesTotal = 3;
    private const int Bad = 1;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(4));

    [Theory, MemberData(nameof(Seeds))]
    public void Equal_nodes_are_equal_while_they_are_written(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal, files: 20);
        cluster.Open();
        cluster.Player.Play(cluster.Ops, 30);
        Assert.Equal(Hammer2Error.None, NodeVerification.Compare(cluster.Pfs, () =>
        {
            if (random.OneIn(50)) cluster.Player.Play(cluster.Ops, 2);
            return false;
        }, out NodeVerification? result));
        Assert.Empty(result!.Differences);
        Assert.Equal(NodesTotal, result.NodesTotal);
        Assert.True(result.InodesTotal > 0 && result.DataBytes > 0);
        Assert.Equal(Hammer2Error.Interrupted, NodeVerification.Compare(cluster.Pfs, static () => true, out _));
        cluster.Close();
        cluster.Judge();
    }

    [Fact]
    public void Bytes_that_no_check_code_covers_are_compared()
    {
        using var cluster = new DamagedCluster(seed: 8, NodesTotal, files: 5);
        cluster.Open();
        ulong file = cluster.MakeFile("unprotected", []);
        Assert.Equal(Errno.None, cluster.Ops.SetMethods(file, (byte)CheckMethod.None, compression: null));
        byte[] content = new byte[100_000];
        new SeededRandom(8).Fill(content);
        Assert.Equal(Errno.None, cluster.Ops.Write(file, 0, content, dropsPrivileges: false));
        cluster.CloseUnchanged();
        MapBlock[] blocks = cluster.UnprotectedOf(Bad);
        Assert.NotEmpty(blocks);
        MapBlock changed = blocks.First(block => block.Type == BlockrefType.Data);
        cluster.SpoilOne(new SeededRandom(8), Bad, changed);
        cluster.Open();
        Assert.Equal(Hammer2Error.None,
            NodeVerification.Compare(cluster.Pfs, static () => false, out NodeVerification? result));
        NodeDifference found = Assert.Single(result!.Differences);
        Assert.Equal(
            (0, Bad, DifferenceKind.Content, "/unprotected", file, changed.Reference.Key),
            (found.First, found.Second, found.Kind, found.Path, found.Inum, found.Key));
        cluster.CloseUnchanged();
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Damage_of_one_node_is_named(ulong seed)
    {
        var random = new SeededRandom(seed);
        using var cluster = new DamagedCluster(seed, NodesTotal, files: 30);
        MapBlock[] spoiled = cluster.Spoil(random, Bad, 10, BlockrefType.Data);
        cluster.Open();
        Assert.Equal(Hammer2Error.None,
            NodeVerification.Compare(cluster.Pfs, static () => false, out NodeVerification? result));
        Assert.All(result!.Differences, one => Assert.Equal(
            (0, Bad, DifferenceKind.UnreadableOnSecond), (one.First, one.Second, one.Kind)));
        Assert.Equal(
            spoiled.SelectMany(block => block.Objects).Select(one => one.Inum).Distinct().Order(),
            result.Differences.Select(one => one.Inum).Distinct().Order());
        cluster.CloseUnchanged();
    }
}
