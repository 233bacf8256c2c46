// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Testing;
using Hammer2.Tests.Crash;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Xunit;

namespace Hammer2.Tests.Cluster.Resync;

/// <summary>
/// Goal: damage on either side, changes by another program and devices that fail do not keep a node from becoming
/// equal, or leave it as it was, with a reason.
/// Method: a node of three that was away for a drawn script, on devices whose blocks are spoiled or made to fail.
/// </summary>
public sealed class NodeResyncDamageTests : IDisposable
{
    private const int NodesTotal = 3;
    private const int Away = 1;

    private readonly MemoryBlockDevice[] _disks = NewVolume.ClusterInMemory(NodesTotal, 256L << 20);
    private readonly FaultyBlockDevice[] _devices;
    private OpenedPfses? _opened;

    public NodeResyncDamageTests() =>
        _devices = [.. _disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(6));

    private Pfs Pfs => _opened!.Pfses[0];

    private VnodeOps Ops => _opened!.Ops[0];

    private PresentNode Node => Pfs.Nodes[Away];

    public void Dispose()
    {
        _opened?.Dispose();
        foreach (FaultyBlockDevice device in _devices) device.Dispose();
        foreach (MemoryBlockDevice disk in _disks) disk.Dispose();
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Damaged_blocks_of_the_index_of_the_node_are_replaced(ulong seed)
    {
        ScriptPlayer player = PlayWithout(seed);
        var random = new SeededRandom(seed);
        using (VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disks[Away])]))
        {
            // What is below an inode that did not change is not read: that is for scrub.
            MapBlock[] blocks = [.. BlocksOfFiles(volumes).Where(
                block => block.Type == BlockrefType.Indirect && block.Objects.Count > 2)];
            Assert.NotEmpty(blocks);
            Spoil(_disks[Away], random.Pick<MapBlock>(blocks));
            if (blocks.Length > 1) Spoil(_disks[Away], blocks[^1]);
        }
        Open();
        Assert.Equal(Hammer2Error.None, Resynchronize());
        AssertLevel(player, seed);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void What_another_program_changed_is_kept_as_a_snapshot_and_overwritten(ulong seed)
    {
        ScriptPlayer player = PlayWithout(seed);
        ChangeForeign(new SeededRandom(seed));
        Open();
        Assert.Equal(NodeState.Foreign, Node.State);
        Assert.Equal(Hammer2Error.None, Resynchronize());
        string[] labels = [.. _opened!.Labels().ElementAt(Away)];
        Assert.Single(labels, label => label.StartsWith("CL.kept.", StringComparison.Ordinal));
        AssertLevel(player, seed);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_source_that_cannot_be_read_is_given_up_for_another(ulong seed)
    {
        ScriptPlayer player = PlayWithout(seed);
        var random = new SeededRandom(seed);
        Open();
        using (VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disks[0])]))
        {
            MapBlock[] blocks = BlocksOfFiles(volumes);
            for (int i = 0; i < 6; i++)
            {
                MapBlock block = random.Pick(blocks);
                _devices[0].FailReads((long)block.Address, block.SizeBytes);
            }
        }
        Assert.Equal(Hammer2Error.None, Resynchronize());
        _devices[0].Heal();
        AssertLevel(player, seed);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(5), InlineData(9)]
    public void A_node_that_fails_a_write_is_fenced_and_the_others_go_on(int writes)
    {
        ScriptPlayer player = PlayWithout(seed: 7);
        Open();
        _devices[Away].GoneAtWriteNumber(_devices[Away].WriteCount + writes);
        Hammer2Error error = Resynchronize();
        Assert.NotEqual(Hammer2Error.None, error);
        Assert.NotEqual(NodeState.Synced, Node.State);
        Assert.Equal(NodesTotal - 1, Pfs.View.Synced.Count);
        player.Play(Ops, 20);
        Assert.Equal(Errno.None, Ops.Sync());
        player.Compare(Ops);
        _devices[Away].Heal();
        _devices[Away].IsGone = false;
        player.ForgetAll(Ops);
        Assert.Equal(Errno.None, Ops.Sync());
        _opened!.Dispose();
        Open();
        Assert.Equal(NodeState.Stale, Node.State);
        Assert.Equal(Hammer2Error.None, Resynchronize());
        AssertLevel(player, seed: 7);
    }

    [Fact]
    public void A_node_without_space_takes_no_part_and_is_tried_again()
    {
        // The node that was away is half of the others' size.
        _disks[Away].Dispose();
        using var small = new MemoryBlockDevice(128L << 20, "n1");
        NewVolume.Format([small], NewVolume.Describe(1, Away, NodesTotal));
        _devices[Away] = new FaultyBlockDevice(new UnownedDevice(small));
        ScriptPlayer player = PlayWithout(seed: 3, fillBytes: 120 << 20);
        Open();
        for (int tries = 0; tries < 2; tries++)
        {
            Assert.Equal(Hammer2Error.NoSpace, Resynchronize());
            Assert.NotEqual(NodeState.Synced, Node.State);
            Assert.Equal(NodesTotal - 1, Pfs.View.Synced.Count);
            player.Play(Ops, 20);
            Assert.Equal(Errno.None, Ops.Sync());
            player.Compare(Ops);
        }
    }

    // A script on all nodes, and one without the node.
    private ScriptPlayer PlayWithout(ulong seed, int fillBytes = 0)
    {
        var player = new ScriptPlayer(new SeededRandom(seed));
        for (int part = 0; part < 2; part++)
        {
            IBlockDevice[] devices = [.. _devices.Where((_, node) => part == 0 || node != Away)];
            using var opened = new OpenedPfses(devices, [(NewVolume.ClusterLabel, devices.Length)], seed);
            VnodeOps ops = opened.Ops[0];
            if (part == 0)
            {
                _ = ModelMount.MakeRoom(ops, player, "model");
                for (int i = 0; i < 40; i++) _ = Make(ops, $"file {i}");
            }
            player.Play(ops, 120);
            if (part == 1 && fillBytes > 0) Fill(ops, seed, fillBytes);
            player.ForgetAll(ops);
            Assert.Equal(Errno.None, ops.Sync());
        }
        return player;
    }

    private static void Fill(VnodeOps ops, ulong seed, int bytes)
    {
        ulong file = Make(ops, "filler");
        byte[] content = new byte[1 << 20];
        var random = new SeededRandom(seed);
        for (ulong at = 0; at < (ulong)bytes; at += (ulong)content.Length)
        {
            random.Fill(content);
            Assert.Equal(Errno.None, ops.Write(file, at, content, dropsPrivileges: false));
        }
    }

    private static ulong Make(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, System.Text.Encoding.ASCII.GetBytes(name),
            new NewObject(ObjectType.RegularFile, UnixMode.O644), new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    private void Open() =>
        _opened = new OpenedPfses(_devices, [(NewVolume.ClusterLabel, NodesTotal)], seed: 99);

    private Hammer2Error Resynchronize() => Pfs.Writer!.Resynchronize(Node, static () => false);

    private void AssertLevel(ScriptPlayer player, ulong seed)
    {
        Assert.Equal(NodesTotal, Pfs.View.Synced.Count);
        player.Compare(Ops);
        player.Play(Ops, 40);
        player.Compare(Ops);
        player.ForgetAll(Ops);
        Assert.Equal(Errno.None, Ops.Sync());
        _opened!.Dispose();
        _opened = null;
        ModelMount.Judge(_disks, seed);
    }

    private static MapBlock[] BlocksOfFiles(VolumeSet volumes) => [.. MediaMap.Read(volumes).Blocks.Where(block =>
        block.IsProtected && block.Type is BlockrefType.Inode or BlockrefType.Indirect or BlockrefType.Data
            or BlockrefType.Dirent
        && block.Objects.Any(one => one.Pfs == NewVolume.ClusterLabel)
        && block.Objects.All(one => one.Pfs.Length > 0)
        && !(block.Type == BlockrefType.Inode && block.Objects.Any(one => one.Inum == Media.PfsRootInum)))];

    private static void Spoil(MemoryBlockDevice disk, MapBlock block)
    {
        byte[] one = new byte[1];
        long at = (long)block.Address + (block.SizeBytes / 2);
        Assert.Equal(Hammer2Error.None, disk.Read(at, one));
        one[0] ^= 0x5A;
        Assert.Equal(Hammer2Error.None, disk.Write(at, one));
    }

    // Modes of some inodes change, with all codes above them, and their numbers stay: only their content tells.
    private void ChangeForeign(SeededRandom random)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(_disks[Away])]);
        MapBlock[] inodes = [.. BlocksOfFiles(volumes).Where(block => block.Type == BlockrefType.Inode)];
        var signer = new MediaSigner(volumes);
        int first = random.Below(inodes.Length);
        foreach (MapBlock block in inodes.Skip(first).Take(4))
        {
            byte[] bytes = new byte[block.SizeBytes];
            Assert.Equal(Hammer2Error.None, volumes.Read(block.Address, bytes));
            new InodeBlock(bytes).Meta.Mode ^= 7;
            Assert.Equal(Hammer2Error.None, volumes.Write(block.Address, bytes));
            signer.Changed(block);
        }
        signer.Sign();
    }
}
