// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Format;

/// <summary>Compares tables with unused slots with a sorted dictionary.</summary>
public sealed class BlockTableTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(64));

    [Theory, MemberData(nameof(Seeds))]
    public void FindFirst_agrees_with_a_sorted_dictionary(ulong seed)
    {
        var random = new SeededRandom(seed);
        Blockref[] slots = Draw(random, out SortedDictionary<ulong, int> byLastKey);
        var table = new BlockTable(slots);
        Assert.Equal(byLastKey.Count, table.CountUsed());
        for (int probe = 0; probe < 300; probe++)
        {
            ulong key = DrawKey(random, slots);
            int expected = -1;
            foreach ((ulong last, int slot) in byLastKey)
            {
                if (last < key) continue;
                expected = slot;
                break;
            }

            Assert.Equal(expected, table.FindFirst(key));
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Next_visits_every_used_slot_in_order(ulong seed)
    {
        Blockref[] slots = Draw(new SeededRandom(seed), out SortedDictionary<ulong, int> byLastKey);
        var table = new BlockTable(slots);
        var visited = new List<int>();
        for (int slot = table.Next(-1); slot >= 0; slot = table.Next(slot)) visited.Add(slot);
        Assert.Equal(byLastKey.Values, visited);
    }

    [Theory, MemberData(nameof(Seeds))]
    public void A_table_of_garbage_gives_only_valid_slot_numbers(ulong seed)
    {
        var random = new SeededRandom(seed);
        var slots = new Blockref[random.Below(130)];
        random.Fill(System.Runtime.InteropServices.MemoryMarshal.AsBytes(slots.AsSpan()));
        var table = new BlockTable(slots);
        for (int probe = 0; probe < 50; probe++)
        {
            int found = table.FindFirst(random.NextUInt64());
            Assert.InRange(found, -1, slots.Length - 1);
            if (found >= 0) Assert.False(table[found].IsEmpty);
        }
    }

    [Fact]
    public void An_empty_table_has_nothing()
    {
        Assert.Equal(-1, new BlockTable([]).FindFirst(0));
        Assert.Equal(-1, new BlockTable([]).Next(-1));
        Assert.Equal(-1, new BlockTable(new Blockref[512]).FindFirst(ulong.MaxValue));
        Assert.Equal(512, new BlockTable(new Blockref[512]).Length);
    }

    /// <summary>A valid table: 4 to 512 slots, some used, ranges of drawn widths, up to the last key.</summary>
    private static Blockref[] Draw(SeededRandom random, out SortedDictionary<ulong, int> byLastKey)
    {
        byLastKey = [];
        var slots = new Blockref[random.Pick([4, 32, 128, 512])];
        int usedPercent = random.Pick([5, 50, 95, 100]);
        ulong next = random.Chance(50) ? 0 : random.NextUInt64() >> 8;
        for (int slot = 0; slot < slots.Length; slot++)
        {
            if (!random.Chance(usedPercent)) continue;
            int keyBits = random.Chance(60) ? 0 : random.Below(58);
            KeyRange range = KeyRange.Around(next, keyBits);
            if (range.First < next
                && (!range.TryNext(out ulong above) || !KeyRange.TryFromRadix(above, keyBits, out range)))
            {
                break;
            }

            slots[slot] = new Blockref
            {
                Type = BlockrefType.Indirect,
                Key = range.First,
                KeyBits = (byte)keyBits
            };
            byLastKey.Add(range.Last, slot);
            if (!range.TryNext(out next)) break;
            next += random.Chance(50) ? 0 : (ulong)random.Below(1000);
        }

        return slots;
    }

    private static ulong DrawKey(SeededRandom random, Blockref[] slots)
    {
        ref Blockref near = ref slots[random.Below(slots.Length)];
        return random.Below(5) switch
        {
            0 => near.Key,
            1 => near.KeyEnd,
            2 => near.KeyEnd + 1,
            3 => near.Key - 1,
            _ => random.NextUInt64(),
        };
    }
}
