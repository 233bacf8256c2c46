// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Snapshots;
using Hammer2.Snapshots.Usage;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Snapshots;

/// <summary>Goal: what each PFS holds alone is what a walk over all of them finds, in any number of walks.</summary>
public sealed class FilesystemUsageTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(8));

    [Theory, MemberData(nameof(Seeds))]
    public void Each_block_is_counted_for_the_PFS_that_has_it_alone(ulong seed)
    {
        using IBlockDevice disk = SnapshotHistory.Play(seed, snapshots: 4, steps: 200);
        Dictionary<ulong, Block> blocks = BlocksOf(disk);
        foreach (ulong window in (ulong[])[FilesystemUsage.WindowBytesUsual, 8 << 20])
        {
            using SnapshotFilesystem filesystem = SnapshotHistory.Open(disk);
            FilesystemUsage usage = FilesystemUsage.Read(filesystem, window);
            Assert.Equal(6, usage.Pfses.Count);
            for (int i = 0; i < usage.Pfses.Count; i++)
            {
                PfsUsage pfs = usage.Pfses[i];
                ulong key = filesystem.Entries[i].Root.Reference.Key;
                Block[] alone = [.. blocks.Values.Where(block => block.Owners.SetEquals([key]))];
                Assert.Equal(Hammer2Error.None, pfs.Errors);
                Assert.Equal(Sum(alone.Where(block => block.IsData)), pfs.AloneDataBytes);
                Assert.True(Sum(alone.Where(block => !block.IsData)) == pfs.AloneMetadataBytes,
                    $"seed {seed}: metadata of {Encoding.ASCII.GetString(pfs.Label)}");
            }
            Assert.Equal(Sum(blocks.Values.Where(block => block.Owners.Count > 1)), usage.SharedBytes);
        }
    }

    private static ulong Sum(IEnumerable<Block> blocks) => (ulong)blocks.Sum(block => (long)block.Bytes);

    private static Dictionary<ulong, Block> BlocksOf(IBlockDevice disk)
    {
        using VolumeSet volumes = VolumeSet.Open([new UnownedDevice(disk)]);
        var owners = new Owners();
        new MediaWalker(volumes).WalkTopology(owners);
        return owners.Blocks;
    }

    private sealed record Block(int Bytes, bool IsData, HashSet<ulong> Owners);

    private sealed class Owners : IMediaVisitor
    {
        public Dictionary<ulong, Block> Blocks { get; } = [];

        public bool Wants(in WalkPosition position, in Blockref reference)
        {
            ulong key = position.IsPfsRoot(reference) ? reference.Key : position.PfsKey;
            if (key == 0 || reference.Data.SizeBytes == 0) return true;
            if (!Blocks.TryGetValue(reference.Data.Bytes, out Block? block))
            {
                block = new Block(reference.Data.SizeBytes, reference.Type == BlockrefType.Data, []);
                Blocks.Add(reference.Data.Bytes, block);
            }
            _ = block.Owners.Add(key);
            return true;
        }

        public bool Enter(in WalkPosition position, in Blockref reference, ReadOnlySpan<byte> block) => true;

        public void Leave(in WalkPosition position, in Blockref reference)
        {
        }

        public void Damaged(in WalkPosition position, in Blockref reference, in WalkFault fault) =>
            Assert.Fail(fault.Reason);
    }
}
