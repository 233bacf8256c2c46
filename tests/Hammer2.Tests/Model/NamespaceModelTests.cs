// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Model;

/// <summary>
/// Goal: whatever is done to a PFS, its answers and its content are those of a filesystem, before and after
/// commits and after mounting again, with one node and with three.
/// Method: a drawn script is played on the driver and on the model. HAMMER2_SEED=n replays one case.
/// </summary>
public sealed class NamespaceModelTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(50));

    [Theory, MemberData(nameof(Seeds))]
    public void A_single_node_does_what_the_model_does(ulong seed) => Play(seed, ["empty-mounted"], "DATA");

    [Theory, MemberData(nameof(Seeds))]
    public void Three_nodes_do_what_the_model_does(ulong seed) =>
        Play(seed, ["cluster3.n0", "cluster3.n1", "cluster3.n2"], "CL");

    private static void Play(ulong seed, string[] images, string label)
    {
        var random = new SeededRandom(seed);
        OverlayBlockDevice[] disks = [.. images.Select(GoldenImage.OpenOverlay)];
        var player = new ScriptPlayer(random);
        ulong root = 0;
        for (int session = 0; session < 3; session++)
        {
            using ClusterMount mount = Open(disks, label);
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            if (session == 0) root = MakeRoom(ops, player);
            Assert.NotEqual(0UL, root);
            for (int group = random.Below(4); group >= 0; group--)
            {
                player.Play(ops, random.Below(150));
                if (random.OneIn(3)) player.Compare(ops);
                Assert.Equal(Errno.None, ops.Sync());
                if (random.OneIn(3)) player.Compare(ops);
            }
            player.Compare(ops);
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        using ClusterMount last = Open(disks, label);
        player.Compare(new VnodeOps(last.Pfs, NullLogger<VnodeOps>.Instance));
        Assert.Equal(0, last.Pfs.RepairedReads);
        foreach (OverlayBlockDevice disk in disks) disk.Dispose();
    }

    // The images have content of their own; scripts play below a directory of theirs.
    private static ulong MakeRoom(VnodeOps ops, ScriptPlayer player)
    {
        Errno error = ops.Create(
            VnodeOps.RootInum, "model"u8, new NewObject(ObjectType.Directory, 0x1ED), new Credentials(0, 0),
            out VnodeAttributes made);
        Assert.Equal(Errno.None, error);
        player.Model.Root.Inum = made.Inum;
        Assert.Equal(Errno.None, ops.GetFlags(made.Inum, out LinuxFileFlags flags));
        player.Model.Root.Flags = flags;
        return made.Inum;
    }

    private static ClusterMount Open(OverlayBlockDevice[] disks, string label)
    {
        var sets = new List<VolumeSet>();
        foreach (OverlayBlockDevice disk in disks) sets.Add(VolumeSet.Open([new UnownedDevice(disk)]));
        var options = new ClusterMountOptions(new MediaSourceOptions(), 16 << 20);
        return ClusterMount.Open(sets, label, options, NullLoggerFactory.Instance);
    }
}
