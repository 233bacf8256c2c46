// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Whose listings get attributes, as processes list and stat, or do not.</summary>
public sealed class ListingHabitsTests
{
    private const uint Process = 4711;
    private const ulong FirstInum = 1000;

    private readonly ListingHabits _habits = new();

    [Fact]
    public void A_stranger_gets_attributes_for_the_first_piece_only()
    {
        Assert.True(_habits.Begin(Process, directory: 1, isStart: true).GivesAttributes);
        Assert.False(_habits.Begin(Process, directory: 1, isStart: false).GivesAttributes);
    }

    [Fact]
    public void A_stranger_gets_none_of_a_long_directory_until_it_stats_something()
    {
        ListingHabits.Listing first = _habits.Begin(Process, directory: 1, isStart: true, isLong: true);
        Assert.False(first.GivesAttributes);
        Assert.False(first.TakeAsCanary(FirstInum));
        Assert.True(first.BytesMax < ListingHabits.Listing.Plain.BytesMax);
        Assert.False(_habits.Stats(Process));
        _habits.NoteLookup(Process, directory: 1, FirstInum);
        Assert.True(_habits.Stats(Process));
        Assert.False(_habits.Stats(Process + 1024));
        Assert.True(_habits.Begin(Process, directory: 1, isStart: false).GivesAttributes);
        Assert.True(_habits.Begin(Process, directory: 2, isStart: true, isLong: true).GivesAttributes);
    }

    [Fact]
    public void One_entry_of_a_listing_is_the_canary()
    {
        ListingHabits.Listing listing = _habits.Begin(Process, directory: 1, isStart: true);
        Assert.True(listing.TakeAsCanary(FirstInum));
        Assert.False(listing.TakeAsCanary(FirstInum + 1));
        ListingHabits.Listing rest = _habits.Begin(Process, directory: 1, isStart: false);
        Assert.False(rest.TakeAsCanary(FirstInum + 2));
    }

    [Fact]
    public void Who_stats_what_it_lists_gets_attributes_in_every_piece()
    {
        for (ulong directory = 1; directory < 20; directory++)
        {
            ListingHabits.Listing listing = _habits.Begin(Process, directory, isStart: true);
            Assert.True(listing.GivesAttributes);
            bool givesRest = _habits.Begin(Process, directory, isStart: false).GivesAttributes;
            Assert.Equal(directory > 1, givesRest);
            Assert.True(listing.TakeAsCanary(FirstInum));
            _habits.NoteLookup(Process, directory, FirstInum);
        }
    }

    [Fact]
    public void Who_only_lists_gets_no_attributes_from_the_second_directory_on()
    {
        Assert.True(List(directory: 1));
        for (ulong directory = 2; directory < 20; directory++) Assert.False(List(directory));
    }

    [Fact]
    public void Who_begins_to_stat_gets_attributes_in_the_next_directory()
    {
        Assert.True(List(directory: 1));
        Assert.False(List(directory: 2));
        for (ulong inum = FirstInum; inum < FirstInum + 100; inum++) _habits.NoteLookup(Process, 2, inum);
        Assert.True(List(directory: 3));
    }

    [Fact]
    public void A_walk_that_enters_a_directory_before_it_stats_its_neighbours_keeps_attributes()
    {
        // As cp -r does: the canary of every other listing is looked up too late to be seen.
        for (ulong directory = 1; directory < 200; directory += 2)
        {
            ListingHabits.Listing outer = _habits.Begin(Process, directory, isStart: true);
            Assert.True(outer.GivesAttributes || directory == 1);
            _ = outer.TakeAsCanary(FirstInum);
            ListingHabits.Listing inner = _habits.Begin(Process, directory + 1, isStart: true);
            _ = inner.TakeAsCanary(FirstInum + 1);
            _habits.NoteLookup(Process, directory + 1, FirstInum + 1);
            if (!inner.GivesAttributes) _habits.NoteLookup(Process, directory + 1, FirstInum + 2);
        }
        Assert.True(List(directory: 1000));
    }

    [Fact]
    public void Lookups_elsewhere_or_of_others_tell_nothing()
    {
        Assert.True(List(directory: 1));
        Assert.False(List(directory: 2));
        _habits.NoteLookup(Process, directory: 77, FirstInum);
        _habits.NoteLookup(Process + 1, directory: 2, FirstInum);
        Assert.False(List(directory: 3));
    }

    [Fact]
    public void Another_process_with_the_same_slot_is_a_stranger()
    {
        Assert.True(List(directory: 1));
        Assert.False(List(directory: 2));
        Assert.True(_habits.Begin(Process + 1024, directory: 3, isStart: true).GivesAttributes);
        Assert.True(List(directory: 4));
    }

    // Lists a directory with one file in it, stats nothing, and answers whether attributes came.
    private bool List(ulong directory)
    {
        ListingHabits.Listing listing = _habits.Begin(Process, directory, isStart: true);
        _ = listing.TakeAsCanary(FirstInum);
        return listing.GivesAttributes;
    }
}
