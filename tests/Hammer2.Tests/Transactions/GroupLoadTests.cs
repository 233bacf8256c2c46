// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.Transactions;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>More load never means less pressure, and the delay of an operation is bounded.</summary>
public sealed class GroupLoadTests
{
    private const int InodesMax = 1000;
    private static readonly GroupLoad Idle = new(0, 0, InodesMax, 0, 0, 1L << 30);

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(10));

    [Theory, MemberData(nameof(Seeds))]
    public void More_of_anything_never_relieves(ulong seed)
    {
        var random = new SeededRandom(seed);
        for (int i = 0; i < 2000; i++)
        {
            int inodes = random.Below(2 * InodesMax);
            GroupLoad load = Idle with
            {
                Inodes = inodes,
                InodesInMemory = inodes + random.Below(InodesMax),
                Leaves = random.Below(2 * GroupLoad.LeavesMax),
                ReservedBytes = random.Below(1L << 31),
            };
            GroupLoad more = random.Below(4) switch
            {
                0 => load with
                {
                    Inodes = load.Inodes + random.Below(100),
                    InodesInMemory = load.InodesInMemory + 100,
                },
                1 => load with { Leaves = load.Leaves + random.Below(10_000) },
                2 => load with { ReservedBytes = load.ReservedBytes + random.Below(1L << 28) },
                _ => load with { AvailableBytes = load.AvailableBytes - random.Below(1L << 28) },
            };
            string what = $"seed {seed}: {load}, {more}";
            Assert.True(more.DelayMilliseconds >= load.DelayMilliseconds, what);
            Assert.True(more.IsDue || !load.IsDue, what);
            Assert.True(more.IsFull || !load.IsFull, what);
            Assert.InRange(load.DelayMilliseconds, 0, 8);
            // An operation that waits has a commit to wait for, which began long before.
            if (load.IsFull) Assert.True(load.DelayMilliseconds == 8, what);
            if (load.Leaves >= GroupLoad.LeavesMax) Assert.True(load.IsDue, what);
        }
    }

    [Fact]
    public void Bounds_are_met_exactly()
    {
        Assert.Equal((false, false, 0), (Idle.IsDue, Idle.IsFull, Idle.DelayMilliseconds));
        Assert.False((Idle with { Inodes = (InodesMax / 4) - 1 }).IsDue);
        Assert.True((Idle with { Inodes = InodesMax / 4 }).IsDue);
        Assert.False((Idle with { Leaves = (GroupLoad.LeavesMax / 4) - 1 }).IsDue);
        Assert.True((Idle with { Leaves = GroupLoad.LeavesMax / 4 }).IsDue);
        Assert.False((Idle with { ReservedBytes = Idle.AvailableBytes / 2 }).IsDue);
        Assert.True((Idle with { ReservedBytes = (Idle.AvailableBytes / 2) + 1 }).IsDue);
        GroupLoad nearlyFull =
            Idle with { Inodes = 1, InodesInMemory = InodesMax - 1, Leaves = GroupLoad.LeavesMax - 1 };
        Assert.False(nearlyFull.IsFull);
        Assert.True((nearlyFull with { InodesInMemory = InodesMax }).IsFull);
        Assert.True((nearlyFull with { Leaves = GroupLoad.LeavesMax }).IsFull);
        // What another PFS has in memory does not make an empty group wait: its commit would free nothing.
        Assert.False((nearlyFull with { Inodes = 0, InodesInMemory = InodesMax }).IsFull);
        Assert.Equal(0, (Idle with { InodesInMemory = InodesMax / 2 }).DelayMilliseconds);
        Assert.Equal(1, (Idle with { InodesInMemory = (InodesMax / 2) + 1 }).DelayMilliseconds);
    }
}
