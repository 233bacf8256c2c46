// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Format;
using Hammer2.Membership;
using Xunit;

namespace Hammer2.Tests.Cluster;

/// <summary>The laws of the order in which nodes are asked, over all sets of slots; and the sets themselves.</summary>
public sealed class ReadOrderTests
{
    private const int InumsTotal = 5040;            // a multiple of the permutations of up to seven slots

    [Fact]
    public void A_set_of_slots_is_the_set_of_its_bits()
    {
        foreach (SlotSet slots in AllSets())
        {
            int[] expected = [.. Enumerable.Range(0, Media.NodesMax).Where(slot => (slots.Bits >> slot & 1) != 0)];
            Assert.Equal(expected, List(slots));
            Assert.Equal(expected.Length, slots.Count);
            Assert.Equal(expected.Length == 0, slots.IsEmpty);
            Assert.Equal(expected.Length == 0 ? -1 : expected[0], slots.First);
            for (int slot = 0; slot < Media.NodesMax; slot++)
            {
                Assert.Equal(expected.Contains(slot), slots.Contains(slot));
                Assert.Equal(expected.Append(slot).Distinct().Order(), List(slots.With(slot)));
                Assert.Equal(expected.Where(other => other != slot), List(slots.Without(slot)));
            }
        }
        Assert.Equal([0, 1, 2], List(SlotSet.FirstSlots(3)));
        Assert.Equal(Media.NodesMax, SlotSet.FirstSlots(Media.NodesMax).Count);
    }

    [Theory, InlineData(-1), InlineData(8)]
    public void A_slot_is_one_of_eight(int slot)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => default(SlotSet).With(slot));
        Assert.Throws<ArgumentOutOfRangeException>(() => default(SlotSet).Without(slot));
        Assert.Throws<ArgumentOutOfRangeException>(() => SlotSet.FirstSlots(slot == 8 ? 9 : slot));
    }

    [Fact]
    public void Every_readable_slot_is_asked_once_and_no_other()
    {
        foreach (SlotSet ring in AllSets())
        {
            foreach (SlotSet readable in AllSets())
            {
                foreach (ulong inum in new ulong[] { 1, 5039, ulong.MaxValue })
                {
                    int[] order = List(new ReadOrder(inum, ring, readable));
                    Assert.Equal(List(ring).Intersect(List(readable)).Order(), order.Order());
                    Assert.Equal(order.Length == 0 ? -1 : order[0], new ReadOrder(inum, ring, readable).First);
                }
            }
        }
    }

    [Theory, InlineData(0UL), InlineData(ulong.MaxValue), InlineData(Media.PfsRootInum)]
    public void The_only_slot_is_the_order_of_every_object(ulong inum)
    {
        for (int slot = 0; slot < Media.NodesMax; slot++)
        {
            SlotSet only = default(SlotSet).With(slot);
            Assert.Equal([slot], List(new ReadOrder(inum, only, only)));
        }
    }

    [Fact]
    public void Consecutive_inodes_go_to_different_nodes()
    {
        foreach (SlotSet ring in AllSets())
        {
            for (ulong inum = 0; inum < 100 && !ring.IsEmpty; inum++)
            {
                IEnumerable<int> firsts = Enumerable.Range(0, ring.Count)
                    .Select(step => new ReadOrder(inum + (ulong)step, ring, ring).First);
                Assert.Equal(ring.Count, firsts.Distinct().Count());
            }
        }
    }

    [Fact]
    public void A_failed_node_passes_its_objects_on_in_equal_shares()
    {
        foreach (SlotSet ring in AllSets().Where(slots => slots.Count is > 1 and < 8))
        {
            foreach (int failed in List(ring))
            {
                var shares = new int[Media.NodesMax];
                for (ulong inum = 0; inum < InumsTotal; inum++)
                {
                    if (new ReadOrder(inum, ring, ring).First != failed) continue;
                    shares[new ReadOrder(inum, ring, ring.Without(failed)).First]++;
                }
                int[] used = [.. List(ring.Without(failed)).Select(slot => shares[slot])];
                Assert.All(used, share => Assert.Equal(InumsTotal / ring.Count / used.Length, share));
            }
        }
    }

    [Fact]
    public void What_some_slot_does_changes_nothing_for_the_others()
    {
        foreach (SlotSet ring in AllSets())
        {
            foreach (int failed in List(ring))
            {
                for (ulong inum = 0; inum < 50; inum++)
                {
                    var whole = new ReadOrder(inum, ring, ring);
                    int[] rest = [.. List(whole).Where(slot => slot != failed)];
                    Assert.Equal(rest, List(new ReadOrder(inum, ring, ring.Without(failed))));
                    Assert.Equal(rest, List(whole.Except(failed)));
                    Assert.Equal(rest.Prepend(failed), List(whole.StartingWith(failed)));
                    Assert.Equal(rest, List(whole.StartingWith(failed).Except(failed)));
                }
            }
        }
    }

    [Fact]
    public void A_lead_that_may_not_be_read_is_left_out()
    {
        SlotSet ring = SlotSet.FirstSlots(3);
        var order = new ReadOrder(4, ring, ring.Without(2));
        Assert.Equal(List(order), List(order.StartingWith(2)));
        Assert.Equal([1, 0], List(order.StartingWith(1)));
    }

    [Fact]
    public void An_order_of_nothing_is_empty()
    {
        Assert.Empty(List(default(ReadOrder)));
        Assert.Equal(-1, default(ReadOrder).First);
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        SlotSet ring = SlotSet.FirstSlots(3);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int sum = 0;
        for (ulong inum = 0; inum < 1000; inum++)
            foreach (int slot in new ReadOrder(inum, ring, ring).StartingWith(1)) sum += slot;
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(3000, sum);
    }

    private static IEnumerable<SlotSet> AllSets() =>
        Enumerable.Range(0, 256).Select(bits => new SlotSet((byte)bits));

    private static int[] List(SlotSet slots)
    {
        var list = new List<int>();
        foreach (int slot in slots) list.Add(slot);
        return [.. list];
    }

    private static int[] List(ReadOrder order)
    {
        var list = new List<int>();
        foreach (int slot in order) list.Add(slot);
        return [.. list];
    }
}
