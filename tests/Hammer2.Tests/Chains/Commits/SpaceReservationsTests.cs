// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Hammer2.Chains.Freemap;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains.Commits;

/// <summary>
/// Goal: what two PFSs have reserved on one device never exceeds what is there, and can be allocated.
/// Method: two threads reserve, allocate and release drawn amounts on a small device. HAMMER2_SEED=n draws the same
/// again; how the threads meet is not drawn.
/// </summary>
public sealed class SpaceReservationsTests
{
    private const int BlockBytes = Media.FileBlockBytes;

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(10));

    [Theory, MemberData(nameof(Seeds))]
    public void Reservations_of_two_clients_never_exceed_what_is_there(ulong seed)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        SpaceReservations space = volume.Committer.Space;
        var failures = new List<string>();
        long refused = 0;
        var other = new Thread(() => Play(new SeededRandom(seed + 1)));
        other.Start();
        Play(new SeededRandom(seed));
        other.Join();
        Assert.Empty(failures);
        Assert.Equal(0, space.ReservedBytes);
        Assert.NotEqual(0, refused);

        void Play(SeededRandom random)
        {
            var held = new List<long>();
            for (int step = 0; step < 3000; step++)
            {
                long bytes = (1 + random.Below(64)) * (long)BlockBytes;
                SpaceUse use = random.OneIn(4) ? SpaceUse.Remove : SpaceUse.Add;
                if (held.Count > 0 && random.OneIn(2)) Release(random, held);
                else if (space.TryReserve(bytes, bytes, use)) held.Add(bytes);
                else _ = Interlocked.Increment(ref refused);
                // A request that is being refused is in the device's sum for a moment, so that each thread looks at
                // its own share alone.
                if (held.Sum() > (long)volume.Committer.FreeBytes)
                    lock (failures) failures.Add($"seed {seed}, step {step}: {held.Sum()} reserved");
            }
            foreach (long bytes in held) space.Release(bytes);
        }

        // The reserved space is used, in blocks of file data, or not needed.
        void Release(SeededRandom random, List<long> held)
        {
            int index = random.Below(held.Count);
            long bytes = held[index];
            held.RemoveAt(index);
            var blocks = new List<Blockref>();
            for (long used = 0; used < bytes && !random.OneIn(8); used += BlockBytes)
            {
                var block = new Blockref
                {
                    Type = BlockrefType.Data,
                    Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None),
                };
                Hammer2Error error = volume.Committer.Writer.Allocate(ref block, BlockBytes);
                if (error == Hammer2Error.None) blocks.Add(block);
                else lock (failures) failures.Add($"seed {seed}: {error} within a reservation");
            }
            space.Release(bytes);
            // Without a commit nothing leads to them.
            foreach (Blockref block in blocks) volume.Committer.Writer.Free(block);
        }
    }

    [Fact]
    public void Adding_leaves_the_reserve_to_removing()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        SpaceReservations space = volume.Committer.Space;
        long taken = 0;
        while (space.TryReserve(BlockBytes, BlockBytes, SpaceUse.Add)) taken += BlockBytes;
        Assert.True((ulong)(taken + space.ReserveBytes) <= volume.Committer.FreeBytes);
        Assert.False(space.HasRoom(BlockBytes));
        Assert.True(space.TryReserve(BlockBytes, 0, SpaceUse.Remove));
        Assert.Equal(taken + BlockBytes, space.ReservedBytes);
        space.Release(taken + BlockBytes);
        Assert.True(space.HasRoom(taken));
    }

    [Fact]
    public void A_fenced_device_refuses_nothing_and_still_counts_what_is_released()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        SpaceReservations space = volume.Committer.Space;
        Assert.True(space.TryReserve(BlockBytes, BlockBytes, SpaceUse.Add));
        Assert.False(space.TryReserve(CommitterVolume.SmallBytes, BlockBytes, SpaceUse.Add));
        Assert.Equal(BlockBytes, space.ReservedBytes);
        volume.Committer.Fence(Hammer2Error.Io);
        Assert.True(space.TryReserve(CommitterVolume.SmallBytes, BlockBytes, SpaceUse.Add));
        space.Charge(BlockBytes);
        space.Release(CommitterVolume.SmallBytes + (2 * BlockBytes));
        Assert.Equal(0, space.ReservedBytes);
    }
}
