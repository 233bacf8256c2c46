// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Chains.Freemap;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Tests.Model;
using Xunit;

namespace Hammer2.Tests.WriteBack;

/// <summary>Counters of open and sealed bytes, and of reserved space, say what there is, and end at zero.</summary>
public sealed class BlockMemoryTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(10));

    [Theory, MemberData(nameof(Seeds))]
    public void Counters_are_the_sums_of_the_blocks(ulong seed)
    {
        var random = new SeededRandom(seed);
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using ClusterMount mount = Open(disk, out SpaceReserve space, out SpaceReservations reservations);
        var shared = new DirtyMemory { OpenBytesMax = 300_000 };
        var memory = new BlockMemory(space, shared);
        var open = new List<DirtyBlock>();
        var closed = new List<DirtyBlock>();
        for (int step = 0; step < 1000; step++)
        {
            switch (random.Below(5))
            {
                case 0 or 1:
                    open.Add(Make(memory, reservations, 1 + random.Below(Media.FileBlockBytes)));
                    break;
                case 2 when open.Count > 0:
                    Lengthen(memory, random.Pick<DirtyBlock>([.. open]), random);
                    break;
                case 3 when open.Count > 0:
                    DirtyBlock block = Take(open, random);
                    if (random.OneIn(2))
                    {
                        Assert.True(memory.TrySeal(block));
                        Assert.False(memory.TrySeal(block));
                        closed.Add(block);
                        break;
                    }
                    Assert.Equal(DirtyBlockState.Open, block.Drop());
                    memory.FreeOpen(block);
                    memory.FreeOpen(block);
                    break;
                case 4 when closed.Count > 0:
                    DirtyBlock stored = Take(closed, random);
                    memory.FreeSealed(stored);
                    memory.FreeSealed(stored);
                    break;
                default:
                    break;
            }
            Assert.True(open.Sum(Length) == memory.OpenBytes, $"seed {seed}: {memory.OpenBytes} bytes open");
            Assert.True(closed.Sum(Length) == memory.SealedBytes, $"seed {seed}: {memory.SealedBytes} bytes sealed");
            Assert.Equal(memory.OpenBytes > shared.OpenBytesMax, memory.HasTooManyOpen);
            long reserved = (open.Count + closed.Count) * (long)Media.FileBlockBytes;
            Assert.True(reserved == reservations.ReservedBytes, $"seed {seed}: {reservations.ReservedBytes} reserved");
        }
        foreach (DirtyBlock block in open) memory.FreeOpen(block);
        foreach (DirtyBlock block in closed) memory.FreeSealed(block);
        Assert.Equal((0, 0, 0), (memory.OpenBytes, memory.SealedBytes, reservations.ReservedBytes));
    }

    // One thread seals; others, which find the block sealed, free it before the first has counted that.
    [Fact]
    public void Counters_are_zero_at_rest_whatever_threads_meet()
    {
        const int Blocks = 4000;
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using ClusterMount mount = Open(disk, out SpaceReserve space, out SpaceReservations reservations);
        var shared = new DirtyMemory { OpenBytesMax = 0 };
        var memory = new BlockMemory(space, shared);
        var blocks = new DirtyBlock[Blocks];
        int made = 0;
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Blocks; i++)
            {
                while (Volatile.Read(ref made) <= i) Thread.Yield();
                DirtyBlock block = blocks[i];
                SpinWait.SpinUntil(() => block.State == DirtyBlockState.Sealed);
                if (block.TryClaim()) memory.FreeSealed(block);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        for (int i = 0; i < Blocks; i++)
        {
            blocks[i] = Make(memory, reservations, 4096);
            Volatile.Write(ref made, i + 1);
            Assert.True(memory.TrySeal(blocks[i]));
        }
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromMinutes(2)));
        Assert.Equal((0, 0, 0), (memory.OpenBytes, memory.SealedBytes, reservations.ReservedBytes));
        Assert.False(memory.HasTooManyOpen);
    }

    private static ClusterMount Open(
        MemoryBlockDevice disk, out SpaceReserve space, out SpaceReservations reservations)
    {
        ClusterMount mount = ModelMount.Open([disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting());
        space = new SpaceReserve(mount.Pfs.View);
        reservations = mount.Pfs.Nodes[0].Device.Committer!.Space;
        Assert.Equal(0, reservations.ReservedBytes);
        return mount;
    }

    private static DirtyBlock Make(BlockMemory memory, SpaceReservations space, int leastBytes)
    {
        Assert.True(space.TryReserve(Media.FileBlockBytes, Media.FileBlockBytes, SpaceUse.Add));
        DirtyBlock block = DirtyBlock.OfContent(memory.Rent(leastBytes), 1, Media.FileBlockBytes);
        memory.AddOpen(block);
        return block;
    }

    private static void Lengthen(BlockMemory memory, DirtyBlock block, SeededRandom random)
    {
        byte[] before = [.. block.Content!];
        int least = random.Below(Media.FileBlockBytes) + 1;
        if (least <= before.Length) return;
        memory.Lengthen(block, least);
        Assert.True(block.Content!.Length >= least);
        Assert.Equal(before, block.Content[..before.Length]);
        Assert.False(block.Content.AsSpan(before.Length).ContainsAnyExcept((byte)0));
        block.Content.AsSpan().Fill(random.NextByte());
    }

    private static DirtyBlock Take(List<DirtyBlock> blocks, SeededRandom random)
    {
        int index = random.Below(blocks.Count);
        DirtyBlock taken = blocks[index];
        blocks.RemoveAt(index);
        return taken;
    }

    private static long Length(DirtyBlock block) => block.Content!.Length;
}
