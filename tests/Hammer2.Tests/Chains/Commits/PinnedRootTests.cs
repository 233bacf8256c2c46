// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Hammer2.Tests.Chains.Commits;

/// <summary>
/// Goal: a pinned commit reads back as it was, however many commits, deletions and bulkfrees follow, and holds space no
/// longer than it is pinned.
/// Method: a drawn script that pins, changes, commits and frees, with changes and commits also in the middle of
/// bulkfree's walks; freed blocks are overwritten. HAMMER2_SEED=n replays one.
/// </summary>
public sealed class PinnedRootTests
{
    private const int FileBytes = 64 << 10;

    private static readonly TimeSpan s_bound = TimeSpan.FromMinutes(10);

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(12));

    [Theory, MemberData(nameof(Seeds))]
    public void Pinned_commits_read_back_through_commits_deletions_and_bulkfree(ulong seed)
    {
        var random = new SeededRandom(seed);
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        var history = new WriteHistory(disk);
        // It overwrites what is discarded.
        using var volume = new CommitterVolume(history.Open()[0]);
        var pins = new List<(PinnedRoot Pin, string First, string Second)>();
        for (int step = 0; step < 120; step++)
        {
            switch (random.Below(8))
            {
                case 0:
                    Pin();
                    break;
                case 1 when pins.Count > 0:
                    int index = random.Below(pins.Count);
                    pins[index].Pin.Dispose();
                    pins.RemoveAt(index);
                    break;
                case 2:
                    Assert.Equal(Hammer2Error.None, Bulkfree.Run(
                        [volume.Committer], new BulkfreeOptions(true, ChangeMeanwhile), out _));
                    AssertPins(volume, pins, $"seed {seed}, step {step}");
                    break;
                default:
                    Change();
                    break;
            }
        }
        AssertPins(volume, pins, $"seed {seed}, at the end");
        Assert.Equal((volume.A.Committed, volume.B.Committed), (volume.A.Read(), volume.B.Read()));

        void Pin()
        {
            if (pins.Count == 6) return;
            PinnedRoot? pin = volume.Committer.Pin("a test", s_bound);
            pins.Add((pin!, volume.A.Committed, volume.B.Committed));
        }

        void Change()
        {
            CommitterClient client = random.OneIn(2) ? volume.A : volume.B;
            for (int change = random.Below(4); change >= 0; change--) CommitterVolume.Change(random, client);
            if (!random.OneIn(3)) Assert.Equal(Hammer2Error.None, client.Commit());
        }

        bool ChangeMeanwhile()
        {
            if (random.OneIn(6)) Change();
            if (random.OneIn(12)) Pin();
            return false;
        }
    }

    private static void AssertPins(
        CommitterVolume volume, List<(PinnedRoot Pin, string First, string Second)> pins, string place)
    {
        foreach ((PinnedRoot pin, string first, string second) in pins)
        {
            Assert.True(first == CommitterClient.Read(volume.Device, pin.Root, CommitterVolume.First), place);
            Assert.True(second == CommitterClient.Read(volume.Device, pin.Root, CommitterVolume.Second), place);
        }
        Assert.Equal(pins.Select(one => one.Pin), volume.Committer.Pins);
    }

    [Fact]
    public void What_only_a_pin_leads_to_is_freed_after_unpinning()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        var random = new SeededRandom(1);
        ulong free = volume.Committer.FreeBytes;
        for (int file = 0; file < 100; file++)
            Assert.Equal(Hammer2Error.None, volume.A.Put($"f{file}", CommitterVolume.Content(random, FileBytes)));
        Assert.Equal(Hammer2Error.None, volume.A.Commit());
        PinnedRoot pin = volume.Committer.Pin("a test", s_bound)!;
        Assert.Equal(volume.Device.Header.Fields.MirrorTid, pin.MirrorTid);
        string pinned = volume.A.Committed;
        for (int file = 0; file < 100; file++) volume.A.Remove($"f{file}");
        Assert.Equal(Hammer2Error.None, volume.A.Commit());
        Free();
        Assert.True(volume.Committer.FreeBytes + (100 * FileBytes) <= free, "freed under a pin");
        Assert.Equal(pinned, CommitterClient.Read(volume.Device, pin.Root, CommitterVolume.First));
        pin.Dispose();
        pin.Dispose();
        Assert.Empty(volume.Committer.Pins);
        Free();
        Assert.True(volume.Committer.FreeBytes + (1 << 20) >= free, "not freed");
        volume.AssertBothAsCommitted("at the end");

        void Free() => Assert.Equal(Hammer2Error.None, Bulkfree.Run([volume.Committer], default, out _));
    }

    [Fact]
    public void There_are_so_many_pins_and_no_more()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        using var volume = new CommitterVolume(disk);
        PinnedRoot?[] pins =
            [.. Enumerable.Range(0, MediaCommitter.PinsMax).Select(_ => volume.Committer.Pin("a test", s_bound))];
        Assert.DoesNotContain(null, pins);
        Assert.Null(volume.Committer.Pin("one too many", s_bound));
        pins[3]!.Dispose();
        Assert.NotNull(volume.Committer.Pin("in its place", s_bound));
    }

    [Fact]
    public void A_pin_past_its_bound_stays_and_is_named_once_in_each_bulkfree_pass()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
        var log = new LogCapture();
        var time = new SettableTime();
        using var volume = new CommitterVolume(disk, time, log.CreateLogger<MediaDevice>());
        PinnedRoot pin = volume.Committer.Pin("the backup of last night", s_bound)!;
        Assert.Equal(Hammer2Error.None, Bulkfree.Run([volume.Committer], default, out _));
        Assert.Empty(log.Lines(LogLevel.Warning));
        time.Now += s_bound + TimeSpan.FromSeconds(1);
        Assert.Equal(Hammer2Error.None, Bulkfree.Run([volume.Committer], default, out _));
        Assert.Equal(2, log.Lines(LogLevel.Warning)
            .Count(line => line.Contains("the backup of last night", StringComparison.Ordinal)));
        Assert.Equal([pin], volume.Committer.Pins);
        Assert.Equal("", CommitterClient.Read(volume.Device, pin.Root, CommitterVolume.First));
    }

    private sealed class SettableTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
