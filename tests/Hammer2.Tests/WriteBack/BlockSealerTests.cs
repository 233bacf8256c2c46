// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Tests.Transactions;
using Xunit;

namespace Hammer2.Tests.WriteBack;

/// <summary>The oldest open blocks are sealed first, and only those that are still among the changes of the open
/// group.</summary>
public sealed class BlockSealerTests : IDisposable
{
    private const int BlockBytes = Media.FileBlockBytes;

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory();
    private readonly ClusterMount _mount;
    private readonly InodeLocks _locks = new();
    private readonly TransactionGate _gate = new();
    private readonly SpaceReserve _space;
    private readonly BlockMemory _memory;
    private readonly WriteBackQueue _queue = new();

    public BlockSealerTests()
    {
        _mount = ModelMount.Open([_disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, _mount.Pfs.OpenForWriting());
        _space = new SpaceReserve(_mount.Pfs.View);
        _memory = new BlockMemory(_space, new DirtyMemory());
    }

    public void Dispose()
    {
        _queue.Dispose();
        _space.Dispose();
        _gate.Dispose();
        _locks.Dispose();
        _mount.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public void Above_their_bound_the_oldest_blocks_are_sealed()
    {
        BlockSealer sealer = Sealer(openBlocksMax: 2);
        DirtyInode file = MakeFile(sealer, blocks: 5);
        sealer.SealAboveBound();
        Assert.Equal(
            [DirtyBlockState.Sealed, DirtyBlockState.Sealed, DirtyBlockState.Sealed, DirtyBlockState.Open,
                DirtyBlockState.Open],
            States(file));
        Assert.Equal((3, 2L * BlockBytes, 3L * BlockBytes), (_queue.Count, _memory.OpenBytes, _memory.SealedBytes));
        sealer.SealAboveBound();
        Assert.Equal(3, _queue.Count);
    }

    [Fact]
    public void A_block_that_was_replaced_is_passed_over()
    {
        BlockSealer sealer = Sealer(openBlocksMax: 8);
        DirtyInode file = MakeFile(sealer, blocks: 2);
        Assert.True(file.Changes.Blocks.TryGet(0, out DirtyBlock? replaced));
        Put(sealer, file, key: 0);
        Assert.True(sealer.TrySealOldest());
        Assert.Equal((DirtyBlockState.Open, 0), (replaced!.State, _queue.Count));
        Assert.True(sealer.TrySealOldest());
        Assert.True(sealer.TrySealOldest());
        Assert.Equal(2, _queue.Count);
        Assert.False(sealer.TrySealOldest());
    }

    [Fact]
    public void Blocks_past_the_end_of_a_file_stay_open()
    {
        BlockSealer sealer = Sealer(openBlocksMax: 8);
        DirtyInode file = MakeFile(sealer, blocks: 3);
        file.Meta.Size = BlockBytes + 1;
        Assert.Empty(sealer.SealFile(file, least: 4));
        Assert.Equal(0, _queue.Count);
        Assert.Equal([0UL, BlockBytes], sealer.SealFile(file, least: 3).Select(block => block.Key));
        Assert.Equal(DirtyBlockState.Open, States(file)[2]);
        // They are sealed already, and still not written.
        Assert.Equal(2, sealer.SealFile(file, least: 1).Count);
        Assert.Equal(2, _queue.Count);
    }

    private static DirtyBlockState[] States(DirtyInode file)
    {
        var states = new List<DirtyBlockState>();
        foreach ((_, DirtyBlock block) in file.Changes.Blocks) states.Add(block.State);
        return [.. states];
    }

    private BlockSealer Sealer(int openBlocksMax) =>
        new(_memory, _locks, _queue, openBytesMax: openBlocksMax * (long)BlockBytes);

    private DirtyInode MakeFile(BlockSealer sealer, int blocks)
    {
        DirtyInode file = TestInodes.Make(1024, node: _mount.Pfs.Nodes[0]);
        Assert.True(_gate.TryAdd(file));
        file.Meta.Size = (ulong)blocks * BlockBytes;
        for (int i = 0; i < blocks; i++) Put(sealer, file, (ulong)(i * BlockBytes));
        return file;
    }

    private void Put(BlockSealer sealer, DirtyInode file, ulong key)
    {
        DirtyBlock block = DirtyBlock.OfContent(_memory.Rent(BlockBytes), 1, reservedBytes: 0);
        file.Changes.Blocks.Set(key, block);
        sealer.Add(file, key, block);
    }
}
