// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Fuse;
using Xunit;

namespace Hammer2.Tests.Fuse;

/// <summary>Which processes get attributes with their directory listings (READDIRPLUS).</summary>
public sealed class ListingHabitsTests
{
    private const uint Process = 4711;
    private const ulong FirstInum = 1000;

    private readonly ListingHabits _habits = new();

    [Fact]
    public void A_process_gets_attributes_once_it_has_looked_up_an_entry()
    {
        Assert.False(List(directory: 1));
        Assert.False(_habits.Begin(Process, directory: 1, isStart: false).GivesAttributes);
        _habits.NoteLookup(Process, directory: 1, FirstInum);
        Assert.True(_habits.Begin(Process, directory: 1, isStart: false).GivesAttributes);
        Assert.True(List(directory: 2));
    }

    [Fact]
    public void One_entry_of_a_listing_is_the_canary()
    {
        LookUpOne();
        ListingHabits.Listing listing = _habits.Begin(Process, directory: 2, isStart: true);
        Assert.True(listing.TakeAsCanary(FirstInum));
        Assert.False(listing.TakeAsCanary(FirstInum + 1));
        ListingHabits.Listing rest = _habits.Begin(Process, directory: 2, isStart: false);
        Assert.False(rest.TakeAsCanary(FirstInum + 2));
    }

    [Fact]
    public void A_listing_without_attributes_has_no_canary()
    {
        Assert.False(_habits.Begin(Process, directory: 1, isStart: true).TakeAsCanary(FirstInum));
        Assert.False(default(ListingHabits.Listing).TakeAsCanary(FirstInum));
        Assert.False(default(ListingHabits.Listing).GivesAttributes);
    }

    [Fact]
    public void A_process_that_stats_what_it_lists_gets_attributes_with_all_entries()
    {
        LookUpOne();
        for (ulong directory = 2; directory < 20; directory++)
        {
            ListingHabits.Listing listing = _habits.Begin(Process, directory, isStart: true);
            Assert.True(listing.GivesAttributes);
            Assert.True(_habits.Begin(Process, directory, isStart: false).GivesAttributes);
            Assert.True(listing.TakeAsCanary(FirstInum));
            _habits.NoteLookup(Process, directory, FirstInum);
        }
    }

    [Fact]
    public void A_process_that_only_lists_never_gets_attributes()
    {
        for (ulong directory = 1; directory < 20; directory++) Assert.False(List(directory));
    }

    [Fact]
    public void A_process_that_stops_to_stat_gets_no_attributes_after_a_few_listings()
    {
        LookUpOne();
        int given = 0;
        for (ulong directory = 2; directory < 20; directory++) given += List(directory) ? 1 : 0;
        Assert.InRange(given, 1, 4);
        Assert.False(List(directory: 20));
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
        Assert.False(List(directory: 2));
        _habits.NoteLookup(Process, directory: 77, FirstInum);
        _habits.NoteLookup(Process + 1, directory: 2, FirstInum);
        Assert.False(List(directory: 3));
    }

    [Fact]
    public void Another_process_with_the_same_slot_begins_anew()
    {
        LookUpOne();
        Assert.False(_habits.Begin(Process + 1024, directory: 3, isStart: true).GivesAttributes);
        Assert.False(List(directory: 4));
    }

    private void LookUpOne()
    {
        Assert.False(List(directory: 1));
        _habits.NoteLookup(Process, directory: 1, FirstInum);
    }

    // Lists a directory with one file, stats nothing, and returns whether attributes came.
    private bool List(ulong directory)
    {
        ListingHabits.Listing listing = _habits.Begin(Process, directory, isStart: true);
        _ = listing.TakeAsCanary(FirstInum);
        return listing.GivesAttributes;
    }
}
