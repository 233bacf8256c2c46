// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Hammer2.Tests.Transactions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.WriteBack;

/// <summary>Dirty blocks are written once, by the thread that claimed them; a commit waits for its own.</summary>
public sealed class BlockWriteBackTests
{
    private const int BlockBytes = Media.FileBlockBytes;

    [Fact]
    public void A_dropped_sealed_block_frees_its_memory_at_once()
    {
        using var parts = new Parts(workers: 1);
        DirtyInode file = parts.MakeFile(blocks: 3);
        DirtyBlock[] blocks = Parts.BlocksOf(file);
        // Too few for a worker to be woken.
        parts.WriteBack.Seal(file, 0, blocks[0]);
        parts.WriteBack.Seal(file, BlockBytes, blocks[1]);
        Assert.Equal((BlockBytes, 2 * BlockBytes), (parts.Memory.OpenBytes, parts.Memory.SealedBytes));
        parts.WriteBack.Drop(file, blocks[0]);
        Assert.Equal((BlockBytes, BlockBytes), (parts.Memory.OpenBytes, parts.Memory.SealedBytes));
        Assert.Null(blocks[0].Content);
        parts.WriteBack.Drop(file, blocks[1]);
        parts.WriteBack.Drop(file, blocks[2]);
        Assert.Equal((0L, 0L), (parts.Memory.UnwrittenBytes, file.UnwrittenBytes));
        Assert.All(blocks, block => Assert.Equal(DirtyBlockState.Dropped, block.State));
    }

    [Fact]
    public void A_stored_block_that_is_dropped_frees_its_space_at_once()
    {
        using var parts = new Parts(workers: 0);
        ulong free = parts.Node.Device.FreeBytes;
        DirtyInode file = parts.MakeFile(blocks: 4);
        foreach ((ulong key, DirtyBlock block) in Parts.KeysOf(file)) parts.WriteBack.Seal(file, key, block);
        parts.WriteBack.Throttle();
        Assert.Equal(0, parts.Memory.UnwrittenBytes);
        Assert.Equal(4UL * BlockBytes, free - parts.Node.Device.FreeBytes);
        foreach (DirtyBlock block in Parts.BlocksOf(file))
        {
            Assert.Equal(DirtyBlockState.Stored, block.State);
            parts.WriteBack.Drop(file, block);
        }
        Assert.Equal(free, parts.Node.Device.FreeBytes);
    }

    [Fact]
    public void Write_ahead_of_a_file_writes_its_open_blocks_when_they_are_many()
    {
        using var parts = new Parts(workers: 1);
        DirtyInode few = parts.MakeFile(WriteBackBatch.BlocksMax - 1), many = parts.MakeFile(40);
        DirtyBlock[] all = Parts.BlocksOf(many);
        parts.WriteBack.Seal(many, 3 * BlockBytes, all[3]);
        Assert.True(all[3].TryClaim());
        Assert.True(all[3].TryFinish(null));
        parts.WriteBack.WriteAhead(few);
        parts.WriteBack.WriteAhead(many);
        Assert.All(Parts.BlocksOf(few), block => Assert.Equal(DirtyBlockState.Open, block.State));
        Assert.All(all, block => Assert.Equal(DirtyBlockState.Stored, block.State));
        Assert.Equal(39, all.Count(block => block.Stored is not null));
    }

    [Fact]
    public void Write_ahead_of_all_files_leaves_little_to_the_commit()
    {
        using var parts = new Parts(workers: 2);
        DirtyInode[] files = [.. Enumerable.Range(0, 5).Select(_ => parts.MakeFile(64))];
        Assert.Equal(5L * 64 * BlockBytes, parts.Memory.OpenBytes);
        parts.WriteBack.WriteAhead();
        Assert.Equal(0, parts.Memory.OpenBytes);
        Assert.True(parts.Memory.SealedBytes <= 8 << 20);
        parts.WriteBack.Dispose();
        Assert.Equal(0, parts.Memory.UnwrittenBytes);
        foreach (DirtyInode file in files)
            Assert.All(Parts.BlocksOf(file), block => Assert.Equal(DirtyBlockState.Stored, block.State));
    }

    [Fact]
    public void A_group_is_written_when_the_blocks_that_a_worker_claimed_are_stored_too()
    {
        using var parts = new Parts(workers: 1);
        DirtyInode file = parts.MakeFile(WriteBackBatch.BlocksMax + 4);
        DirtyBlock[] blocks = Parts.BlocksOf(file);
        parts.Device.HoldNext();
        for (int i = 0; i < WriteBackBatch.BlocksMax; i++)
            parts.WriteBack.Seal(file, (ulong)(i * BlockBytes), blocks[i]);
        Assert.True(parts.Device.AwaitHeld());
        FrozenInode image = parts.Freeze(file);
        bool isOver = false;
        var commit = new Thread(() =>
        {
            parts.WriteBack.WriteGroup([image]);
            Volatile.Write(ref isOver, true);
        })
        { IsBackground = true };
        commit.Start();
        Assert.True(SpinWait.SpinUntil(
            () => blocks[^4..].All(block => block.State == DirtyBlockState.Stored)
                && (commit.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || Volatile.Read(ref isOver)),
            TimeSpan.FromMinutes(2)));
        Assert.False(Volatile.Read(ref isOver));
        Assert.All(blocks[..^4], block => Assert.Equal(DirtyBlockState.Sealed, block.State));
        parts.Device.Release();
        Assert.True(commit.Join(TimeSpan.FromMinutes(2)));
        Assert.All(blocks, block => Assert.Equal(DirtyBlockState.Stored, block.State));
        Assert.True(SpinWait.SpinUntil(() => parts.Memory.UnwrittenBytes == 0, TimeSpan.FromMinutes(2)));
    }

    [Theory, InlineData(0), InlineData(2)]
    public void Of_a_deleted_inode_nothing_is_written(int workers)
    {
        using var parts = new Parts(workers);
        DirtyInode deleted = parts.MakeFile(20), kept = parts.MakeFile(20);
        ulong free = parts.Node.Device.FreeBytes;
        deleted.IsDeleted = true;
        parts.WriteBack.WriteGroup([parts.Freeze(deleted), parts.Freeze(kept)]);
        Assert.All(Parts.BlocksOf(deleted), block => Assert.Equal(DirtyBlockState.Dropped, block.State));
        Assert.All(Parts.BlocksOf(kept), block => Assert.Equal(DirtyBlockState.Stored, block.State));
        Assert.Equal(20UL * BlockBytes, free - parts.Node.Device.FreeBytes);
        Assert.True(SpinWait.SpinUntil(() => parts.Memory.UnwrittenBytes == 0, TimeSpan.FromMinutes(2)));
    }

    [Fact]
    public void Once_the_PFS_is_stopped_blocks_fail_and_stay_readable()
    {
        using var parts = new Parts(workers: 0);
        DirtyInode file = parts.MakeFile(2);
        parts.FailStop.Stop("a test", failure: null);
        parts.WriteBack.WriteGroup([parts.Freeze(file)]);
        foreach (DirtyBlock block in Parts.BlocksOf(file))
        {
            Assert.Equal(DirtyBlockState.Failed, block.State);
            Assert.NotNull(block.Content);
        }
        Assert.Equal(2L * BlockBytes, parts.Memory.SealedBytes);
        foreach (DirtyBlock block in Parts.BlocksOf(file)) parts.WriteBack.Drop(file, block);
        Assert.Equal(0, parts.Memory.UnwrittenBytes);
    }

    /// <summary>The parts below a write-back, on a volume in memory.</summary>
    private sealed class Parts : IDisposable
    {
        private readonly MemoryBlockDevice _disk = NewVolume.InMemory();
        private readonly ClusterMount _mount;
        private readonly InodeLocks _locks = new();
        private readonly TransactionGate _gate = new();
        private readonly SeededRandom _random = new(1);
        private ulong _lastInum = 1 << 20;

        public Parts(int workers)
        {
            Device = new HeldDevice(_disk);
            _mount = ModelMount.Open([Device], NewVolume.Label);
            Pfs pfs = _mount.Pfs;
            Assert.Equal(Hammer2Error.None, pfs.OpenForWriting());
            FailStop = new FailStop(NullLogger.Instance, "test", new QuorumPolicySetting());
            Memory = new BlockMemory(new SpaceReserve(pfs.View), new DirtyMemory());
            ClusterNodes nodes = pfs.ClusterNodes;
            var store = new BlockStore(nodes, new NodeFencing(nodes, FailStop), new Deduplication(isOn: true));
            var queue = new WriteBackQueue();
            var sealer = new BlockSealer(Memory, _locks, queue, openBytesMax: 64L << 20);
            WriteBack = new BlockWriteBack(sealer, new BatchWriter(store, Memory, FailStop), Memory, queue, workers);
        }

        public HeldDevice Device { get; }

        public FailStop FailStop { get; }

        public BlockMemory Memory { get; }

        public BlockWriteBack WriteBack { get; }

        public PresentNode Node => _mount.Pfs.Nodes[0];

        public static IEnumerable<(ulong Key, DirtyBlock Block)> KeysOf(DirtyInode file)
        {
            LeafDelta delta = file.Open ?? file.Frozen!.Changes!;
            foreach ((ulong key, DirtyBlock block) in delta.Blocks) yield return (key, block);
        }

        public static DirtyBlock[] BlocksOf(DirtyInode file) => [.. KeysOf(file).Select(entry => entry.Block)];

        /// <summary>A file with open blocks that do not compress.</summary>
        public DirtyInode MakeFile(int blocks)
        {
            DirtyInode file = TestInodes.Make(++_lastInum, node: Node);
            Assert.True(_gate.TryAdd(file));
            file.Meta.Size = (ulong)blocks * BlockBytes;
            for (int i = 0; i < blocks; i++)
            {
                byte[] content = Memory.Rent(BlockBytes);
                _random.Fill(content);
                DirtyBlock block = DirtyBlock.OfContent(content, 1, reservedBytes: 0);
                file.Changes.Blocks.Set((ulong)(i * BlockBytes), block);
                WriteBack.Add(file, (ulong)(i * BlockBytes), block);
            }
            return file;
        }

        public FrozenInode Freeze(DirtyInode file)
        {
            _ = _gate.Close();
            return file.Freeze();
        }

        public void Dispose()
        {
            Device.Release();
            WriteBack.Dispose();
            _mount.Dispose();
            _locks.Dispose();
            _gate.Dispose();
            Device.Dispose();
            _disk.Dispose();
        }
    }
}
