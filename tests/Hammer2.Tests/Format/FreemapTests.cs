// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>The offsets of freemap blocks, and which bits describe which address.</summary>
public sealed class FreemapTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(16));

    [Theory]
    [InlineData(1, 30)]
    [InlineData(2, 38)]
    [InlineData(3, 46)]
    [InlineData(4, 54)]
    [InlineData(5, 62)]
    public void Levels_and_key_bits(int level, int keyBits)
    {
        Assert.Equal(keyBits, FreemapGeometry.KeyBitsOf(level));
        Assert.True(FreemapGeometry.TryGetLevel(keyBits, out int found));
        Assert.Equal(level, found);
    }

    [Fact]
    public void No_other_key_bits_are_a_level()
    {
        for (int keyBits = 0; keyBits < 256; keyBits++)
        {
            bool isLevel = keyBits is 30 or 38 or 46 or 54 or 62;
            Assert.Equal(isLevel, FreemapGeometry.TryGetLevel(keyBits, out _));
        }
    }

    [Theory]
    [InlineData(0x0UL, 1, 0, 0x10000UL)]            // seen on media: the offsets of one leaf in turn
    [InlineData(0x0UL, 1, 1, 0x60000UL)]
    [InlineData(0x0UL, 1, 2, 0xB0000UL)]
    [InlineData(0x0UL, 2, 0, 0x20000UL)]            // five leaves under one node
    [InlineData(0x40000000UL, 1, 0, 0x40010000UL)]
    [InlineData(0xC0123456UL, 1, 0, 0xC0010000UL)]
    [InlineData(0x0UL, 5, 7, 0x280000UL)]           // slot 40, the last one in use
    public void Offsets_of_freemap_blocks(ulong address, int level, int setIndex, ulong offset)
    {
        Assert.Equal(offset, FreemapGeometry.OffsetOf(address, level, setIndex));
        Assert.True(FreemapGeometry.TryGetSet(
            offset, FreemapGeometry.KeyOf(address, level), level, out int found));
        Assert.Equal(setIndex, found);
    }

    [Fact]
    public void All_freemap_offsets_of_a_zone_differ_and_are_in_its_reserved_range()
    {
        var offsets = new System.Collections.Generic.HashSet<ulong>();
        for (int level = 1; level <= FreemapGeometry.LevelMax; level++)
        {
            for (int setIndex = 0; setIndex < FreemapGeometry.SetsTotal; setIndex++)
            {
                ulong offset = FreemapGeometry.OffsetOf(0, level, setIndex);
                Assert.True(offsets.Add(offset));
                Assert.True(FreemapGeometry.IsReserved(offset));
                Assert.InRange(offset, 0x10000UL, (ulong)Media.ZoneReservedBytes - FreemapGeometry.BlockBytes);
                Assert.Equal(level == 1, FreemapGeometry.TryGetSet(offset, 0, 1, out _));
            }
        }
    }

    [Fact]
    public void Sets_are_used_in_rotation()
    {
        int setIndex = 0;
        for (int step = 1; step <= 8; step++)
        {
            setIndex = FreemapGeometry.NextSet(setIndex);
            Assert.Equal(step % 8, setIndex);
        }
    }

    [Fact]
    public void Bits_of_known_addresses()
    {
        // The inodes of the worked example: the first granule of entry 34; data in 35, a table in 36.
        Assert.Equal((34, 0), (FreemapGeometry.EntryOf(0x8801400), FreemapGeometry.GranuleOf(0x8801400)));
        Assert.Equal(35, FreemapGeometry.EntryOf(0x8C00000));
        Assert.Equal(36, FreemapGeometry.EntryOf(0x9000000));
        Assert.Equal(0, FreemapGeometry.EntryOf(0x40000000));
        Assert.Equal(
            (255, 255), (FreemapGeometry.EntryOf(0x3FFFFFFF), FreemapGeometry.GranuleOf(0x3FFFFFFF)));
    }

    [Theory]
    [InlineData(0x0UL, false)]
    [InlineData(0x3FFFFFUL, false)]
    [InlineData(0x8400000UL, false)]                // holds what newfs made: not wholly free
    [InlineData(0x8800000UL, true)]
    [InlineData(0x3FFFFFFFUL, true)]
    [InlineData(0x40000000UL, false)]
    [InlineData(0x40400000UL, true)]
    [InlineData(0x7FFFFFFFUL, true)]
    [InlineData(0x80400000UL, false)]
    public void Segments_that_may_be_allocated(ulong address, bool expected) =>
        Assert.Equal(expected, FreemapGeometry.IsAllocatable(address, 0x8400C00, 0x80000000));

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(1UL, 1UL)]
    [InlineData(0x40000000UL, 1UL)]
    [InlineData(0x40000001UL, 2UL)]
    [InlineData(ulong.MaxValue, 1UL << 34)]
    public void Leaves_of_a_size(ulong totalBytes, ulong leaves) =>
        Assert.Equal(leaves, FreemapGeometry.LeavesTotal(totalBytes));

    /// <summary>Goal: an entry is an array of 256 states. Method: both, changed alike at random.</summary>
    [Theory, MemberData(nameof(Seeds))]
    public void An_entry_stores_the_state_of_each_granule(ulong seed)
    {
        var random = new SeededRandom(seed);
        var entry = new FreemapEntry { LinearOffset = -1, AvailableBytes = 77, Class = 0x0110 };
        var model = new GranuleState[FreemapEntry.GranulesTotal];
        for (int step = 0; step < 2000; step++)
        {
            int granule = random.Below(model.Length);
            model[granule] = (GranuleState)random.Below(4);
            entry.SetState(granule, model[granule]);
        }

        for (int granule = 0; granule < model.Length; granule++)
        {
            Assert.Equal(model[granule], entry.StateOf(granule));
        }

        foreach (GranuleState state in Enum.GetValues<GranuleState>())
        {
            Assert.Equal(Array.FindAll(model, item => item == state).Length, entry.Count(state));
        }

        Assert.Equal((-1, 77u, (ushort)0x0110), (entry.LinearOffset, entry.AvailableBytes, entry.Class));
    }

    [Fact]
    public void Changing_a_granule_leaves_its_neighbours_unchanged()
    {
        for (int granule = 0; granule < FreemapEntry.GranulesTotal; granule++)
        {
            FreemapEntry entry = default;
            entry.SetState(granule, GranuleState.Allocated);
            Assert.Equal(1, entry.Count(GranuleState.Allocated));
            Assert.Equal(3UL << (granule % 32 * 2), entry.WordsRead[granule / 32]);
        }
    }
}
