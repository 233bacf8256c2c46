// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster.Transactions;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Transactions;

/// <summary>A <see cref="SortedMap{T}"/> answers as a <see cref="SortedDictionary{TKey, TValue}"/> does.</summary>
public sealed class SortedMapTests
{
    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(30));

    [Theory, MemberData(nameof(Seeds))]
    public void Random_changes_and_questions_agree_with_a_sorted_dictionary(ulong seed)
    {
        var random = new SeededRandom(seed);
        var map = new SortedMap<object>();
        var model = new SortedDictionary<ulong, object>();
        // From a few keys that collide all the time to keys of all magnitudes, the greatest included.
        int spread = random.Pick<int>([4, 8, 12, 64]);
        ulong next = 0;
        int removals = random.Below(60);
        for (int step = 0; step < 3000; step++)
        {
            if (random.OneIn(500)) removals = random.Below(100);
            ulong key = random.OneIn(20) ? random.NextEdge() : random.NextUInt64() >> (64 - spread);
            if (random.OneIn(3)) key = next++;
            if (random.Chance(removals))
            {
                if (model.Count > 0 && random.OneIn(2)) key = model.Keys.ElementAt(random.Below(model.Count));
                Assert.True(model.Remove(key) == map.Remove(key), $"seed {seed}, step {step}: removing {key}");
            }
            else
            {
                object value = new();
                model[key] = value;
                map.Set(key, value);
            }
            AssertSame(model, map, random, seed);
        }
        var found = new List<KeyValuePair<ulong, object>>();
        foreach ((ulong key, object value) in map) found.Add(new(key, value));
        Assert.True(model.SequenceEqual(found), $"seed {seed}: the keys differ");
    }

    // Runs are full when keys are appended, and half full when one is inserted into a full run.
    [Theory, InlineData(1), InlineData(-1)]
    public void Ascending_and_descending_keys_are_all_found(int direction)
    {
        var map = new SortedMap<ulong>();
        for (int i = 0; i < 1000; i++)
        {
            ulong key = direction > 0 ? (ulong)i : (ulong)(999 - i);
            map.Set(key * 2, key);
        }
        Assert.Equal(1000, map.Count);
        for (ulong i = 0; i < 1000; i++)
        {
            Assert.True(map.TryFirst((i * 2) - (i > 0 ? 1UL : 0), out ulong key, out ulong value));
            Assert.Equal((i * 2, i), (key, value));
            Assert.False(map.TryGet((i * 2) + 1, out _));
        }
        for (ulong i = 0; i < 1000; i++) Assert.True(map.Remove(i * 2));
        Assert.Equal(0, map.Count);
        Assert.False(map.TryFirst(0, out _, out _));
    }

    [Fact]
    public void A_walk_ends_when_a_key_is_added_or_removed_and_not_when_a_value_changes()
    {
        var map = new SortedMap<int>();
        foreach (var _ in map) Assert.Fail("there is no key");
        for (ulong key = 0; key < 300; key++) map.Set(key, 0);
        int steps = 0;
        foreach ((ulong key, int value) in map)
        {
            Assert.Equal((ulong)steps++, key);
            map.Set(key, value + 1);
        }
        Assert.Equal(300, steps);
        foreach ((_, int value) in map) Assert.Equal(1, value);
        Assert.Throws<InvalidOperationException>(() =>
        {
            foreach ((ulong key, _) in map) _ = map.Remove(key);
        });
        Assert.Throws<InvalidOperationException>(() =>
        {
            foreach ((ulong key, _) in map) map.Set(key + 1000, 0);
        });
    }

    private static void AssertSame(
        SortedDictionary<ulong, object> model, SortedMap<object> map, SeededRandom random, ulong seed)
    {
        Assert.True(model.Count == map.Count, $"seed {seed}: {map.Count} keys instead of {model.Count}");
        ulong asked = model.Count > 0 && random.OneIn(2)
            ? model.Keys.ElementAt(random.Below(model.Count)) + (ulong)random.Below(3) - 1 : random.NextEdge();
        bool has = model.TryGetValue(asked, out object? expected);
        Assert.True(has == map.TryGet(asked, out object? got), $"seed {seed}: {asked}");
        Assert.Same(expected, got);
        KeyValuePair<ulong, object>? first = null;
        foreach (KeyValuePair<ulong, object> entry in model)
        {
            if (entry.Key < asked) continue;
            first = entry;
            break;
        }
        bool isFound = map.TryFirst(asked, out ulong key, out object? value);
        Assert.True(isFound == first is not null, $"seed {seed}: first from {asked}");
        if (first is { } expectedFirst)
        {
            Assert.True(expectedFirst.Key == key, $"seed {seed}: {key} instead of {expectedFirst.Key}");
            Assert.Same(expectedFirst.Value, value);
        }
    }
}
