// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Crash;

/// <summary>
/// Goal: whatever blocks cannot be read when a commit needs them, what is committed is whole: no half of an operation,
/// and what readers see afterwards is what is on the media.
/// Method: a drawn script is played in groups; before each commit some blocks of metadata become unreadable. The media
/// are judged by the checkers, and the tree on them is compared with the tree that the mount shows.
/// HAMMER2_SEED=n replays one script; HAMMER2_LONG=1 plays 200.
/// </summary>
public sealed class ReadFaultScriptTests
{
    private const int Groups = 8;
    private const int FillersTotal = 400;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(
        Environment.GetEnvironmentVariable("HAMMER2_LONG") is { Length: > 0 } ? 200 : 12));

    [Theory, MemberData(nameof(Seeds))]
    public void What_is_committed_is_whole_and_what_is_shown(ulong seed) => _ = Play(seed);

    [Fact]
    public void Scripts_meet_blocks_that_make_changes_leave() => Assert.True(Play(1) > 0);

    // How many objects had changes that left.
    private static long Play(ulong seed)
    {
        var random = new SeededRandom(seed);
        using MemoryBlockDevice disk = NewVolume.InMemory(256L << 20);
        using var faulty = new FaultyBlockDevice(new UnownedDevice(disk));
        long left = 0;
        ulong[] fillers = Fill(faulty);
        for (int group = 0; group < Groups; group++)
        {
            using (ClusterMount mount = RecordedScript.Mount([faulty], NewVolume.Label, cacheBytes: 1))
            {
                Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(Options(random)));
                var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
                ulong root = Play(ops, random, group);
                Damage(disk, faulty, random);
                Forget(ops, fillers);
                Assert.True(ops.Sync() is Errno.None or Errno.EIO, $"seed {seed}, group {group}");
                Assert.False(mount.Pfs.Writer!.IsStopped, $"seed {seed}, group {group}");
                Assert.Equal(0, mount.Pfs.Writer.UnwrittenBytes);
                left += mount.Pfs.Writer.LeftOutTotal;
                faulty.Heal();
                string shown = TreeListing.Of(ops, VnodeOps.RootInum);
                using ClusterMount other = RecordedScript.Mount([disk], NewVolume.Label);
                var committed = new VnodeOps(other.Pfs, NullLogger<VnodeOps>.Instance);
                string found = TreeListing.Of(committed, VnodeOps.RootInum);
                Assert.True(shown == found, $"seed {seed}, group {group}: {TreeListing.Difference(shown, found)}");
                Assert.NotEqual(0UL, root);
            }
            MediaAudit.AssertSound(disk, $"seed {seed}, group {group}");
        }
        return left;
    }

    // Objects enough to drive all else out of the cache.
    private static ulong[] Fill(FaultyBlockDevice device)
    {
        using ClusterMount mount = RecordedScript.Mount([device], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        ulong[] fillers = new ulong[FillersTotal];
        for (int i = 0; i < fillers.Length; i++)
        {
            byte[] name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"filler {i}"));
            Assert.Equal(Errno.None, ops.Create(VnodeOps.RootInum, name, new NewObject(ObjectType.Fifo, UnixMode.O644),
                new Credentials(0, 0), out VnodeAttributes made));
            fillers[i] = made.Inum;
        }
        Assert.Equal(Errno.None, ops.Sync());
        return fillers;
    }

    // Some cannot be read, which does not matter here.
    private static void Forget(VnodeOps ops, ulong[] fillers)
    {
        for (int round = 0; round < 3; round++)
            foreach (ulong filler in fillers) _ = ops.GetAttributes(filler, out _);
    }

    private static PfsWriteOptions Options(SeededRandom random) => new()
    {
        OpenBytesMax = random.Pick<long>([0, 128 << 10, 64 << 20]),
        Deduplicates = !random.OneIn(4),
    };

    // A new script for each group, beside what the ones before left: a model cannot know what leaves.
    private static ulong Play(VnodeOps ops, SeededRandom random, int group)
    {
        ulong root = 0;
        for (int part = 0; part < 3; part++)
        {
            var player = new ScriptPlayer(random, usesAttributes: random.OneIn(2)) { EndsAtFault = true };
            root = ModelMount.MakeRoom(ops, player, $"group {group} part {part}");
            try
            {
                player.Play(ops, random.Below(60));
            }
            catch (ScriptFaultException)
            {
                // What could not be read was told at once.
            }
            // The last part is what the commit meets; those before are what it reads.
            if (part < 2) Assert.True(ops.Sync() is Errno.None or Errno.EIO);
        }
        return root;
    }

    private static void Damage(MemoryBlockDevice disk, FaultyBlockDevice faulty, SeededRandom random)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        List<MapBlock> blocks = [];
        foreach (MapBlock block in MediaMap.Read(volumes).Blocks)
        {
            // The roots are the node's alone.
            bool isRoot = block.Type == BlockrefType.Inode && block.Reference.Key <= Media.PfsRootInum;
            if (block.Type is BlockrefType.Inode or BlockrefType.Indirect && !isRoot) blocks.Add(block);
        }
        for (int count = random.Below(1 + (blocks.Count / 8)); count > 0; count--)
        {
            MapBlock block = blocks[random.Below(blocks.Count)];
            faulty.FailReads((long)block.Address, block.SizeBytes);
        }
    }
}
