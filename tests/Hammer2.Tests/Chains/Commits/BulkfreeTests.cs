// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Format;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Chains.Commits;

/// <summary>Bulkfree of several devices with several clients each, and what ends it on one of them.</summary>
public sealed class BulkfreeTests : IDisposable
{
    private const int Files = 40;
    private const int FileBytes = 64 << 10;

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory(CommitterVolume.SmallBytes);
    private readonly MemoryBlockDevice _otherDisk = NewVolume.InMemory(CommitterVolume.SmallBytes, seed: 2);
    private readonly FaultyBlockDevice _otherFaults;
    private readonly CommitterVolume _volume;
    private readonly CommitterVolume _other;
    private readonly ulong _free;

    public BulkfreeTests()
    {
        _otherFaults = new FaultyBlockDevice(_otherDisk);
        _volume = new CommitterVolume(_disk);
        _other = new CommitterVolume(_otherFaults);
        _free = _volume.Committer.FreeBytes;
        foreach (CommitterVolume volume in new[] { _volume, _other })
        {
            FillAndEmpty(volume.A);
            Assert.Equal(Hammer2Error.None, volume.B.Put("kept", new byte[FileBytes]));
            Assert.Equal(Hammer2Error.None, volume.B.Commit());
        }
    }

    public void Dispose()
    {
        _volume.Dispose();
        _other.Dispose();
        _otherFaults.Dispose();
        _disk.Dispose();
    }

    [Fact]
    public void Every_client_of_every_device_commits_and_each_device_is_freed()
    {
        Assert.Equal(Hammer2Error.None, _volume.B.Put("dirty", new byte[FileBytes]));
        Assert.Equal(Hammer2Error.None, _other.A.Put("dirty", new byte[FileBytes]));
        Assert.Equal(Hammer2Error.None, Run(default, out BulkfreeCounts counts, _other, _volume, _other));
        Assert.Contains("dirty", _volume.B.Committed, StringComparison.Ordinal);
        Assert.Contains("dirty", _other.A.Committed, StringComparison.Ordinal);
        Assert.True(counts.FreedGranules * Media.GranuleBytes >= 2 * Files * FileBytes);
        Assert.Equal(0, counts.MissingGranules);
        AssertFreed(_volume);
        AssertFreed(_other);
    }

    [Fact]
    public void A_block_that_cannot_be_read_ends_it_on_its_device_alone()
    {
        DataOffset root = CommitterClient.FindRoot(
            _other.Device, _other.Device.RootChain, CommitterVolume.Second).Reference.Data;
        // Opened anew, with nothing in the cache.
        using MediaDevice cold = CommitterVolume.Open(_otherFaults);
        Assert.Equal(Hammer2Error.None, cold.OpenForWriting());
        ulong before = cold.FreeBytes;
        _otherFaults.FailReads((long)root.Bytes, root.SizeBytes);
        MediaCommitter[] both = [_volume.Committer, cold.Committer!];
        Assert.Equal(Hammer2Error.Io, Bulkfree.Run(both, default, out _));
        AssertFreed(_volume);
        Assert.Equal((before, false), (cold.FreeBytes, cold.Committer!.IsFenced));
        _otherFaults.Heal();
        Assert.Equal(Hammer2Error.None, Bulkfree.Run(both, default, out _));
        Assert.True(cold.FreeBytes >= before + (Files * FileBytes));
        CommitterVolume.AssertOnMedia(_otherDisk, _other.A.Committed, _other.B.Committed, "after bulkfree");
    }

    [Fact]
    public void A_client_that_cannot_commit_ends_it_on_its_devices_and_keeps_its_blocks()
    {
        Assert.Equal(Hammer2Error.None, _other.B.Put("uncommitted", new byte[FileBytes]));
        var stopped = new StoppedClient();
        _other.Committer.Attach(stopped);
        ulong before = _other.Committer.FreeBytes;
        Assert.Equal(Hammer2Error.ReadOnly, Run(default, out _, _volume, _other));
        AssertFreed(_volume);
        Assert.True(_other.Committer.FreeBytes <= before);
        _other.Committer.Detach(stopped);
        Assert.Equal(Hammer2Error.None, Run(default, out _, _other));
        AssertFreed(_other);
    }

    [Fact]
    public void A_fenced_device_takes_no_part()
    {
        _other.Committer.Fence(Hammer2Error.Io);
        long writes = _otherFaults.WriteCount;
        Assert.Equal(Hammer2Error.None, Run(new BulkfreeOptions(Discards: true), out _, _volume, _other));
        AssertFreed(_volume);
        Assert.Equal(writes, _otherFaults.WriteCount);
    }

    [Fact]
    public void A_freemap_that_cannot_be_written_fences_its_device_alone()
    {
        _otherFaults.FailFlushNumber(_otherFaults.FlushCount + 1);
        Assert.Equal(Hammer2Error.None, Run(default, out _, _volume, _other));
        AssertFreed(_volume);
        Assert.Equal(Hammer2Error.Io, _other.Committer.FenceError);
        _other.AssertBothAsCommitted("with the header before");
    }

    [Fact]
    public void What_a_pass_staged_that_was_ended_is_committed_before_the_next_pass_frees_it()
    {
        MediaCommitter[] ordered = [_volume.Committer, _other.Committer];
        int asked = 0;
        // The first device is staged when the walk over the second begins.
        int blocks = BlocksWalked(_volume);
        var options = new BulkfreeOptions(IsCancelled: () => ++asked > blocks);
        Assert.Equal(Hammer2Error.Interrupted, Bulkfree.Run(ordered, options, out BulkfreeCounts counts));
        Assert.Equal((0L, true), (counts.FreedGranules, counts.StagedGranules > 0));
        ulong tid = _volume.Committer.MirrorTid;

        ulong? tidAtFirstWalk = null;
        options = new BulkfreeOptions(IsCancelled: () =>
        {
            tidAtFirstWalk ??= _volume.Committer.MirrorTid;
            return false;
        });
        Assert.Equal(Hammer2Error.None, Bulkfree.Run(ordered[..1], options, out counts));
        Assert.Equal(tid + 1, tidAtFirstWalk);
        AssertFreed(_volume);
    }

    [Fact]
    public void Progress_goes_up_to_what_is_allocated_once_for_each_walk_and_device()
    {
        ulong allocated = Allocated(_volume) + Allocated(_other);
        var reports = new List<(long Done, long Total)>();
        Assert.Equal(Hammer2Error.None, Bulkfree.Run([_volume.Committer, _other.Committer],
            new BulkfreeOptions(Progress: (done, total) => reports.Add((done, total))), out _));
        Assert.All(reports, report => Assert.Equal(2 * (long)allocated, report.Total));
        Assert.Equal(reports.Select(report => report.Done).Order(), reports.Select(report => report.Done));
        Assert.Equal(2 * (long)allocated, reports[^1].Done);
        Assert.True(reports.Select(report => report.Done).Distinct().Count() > 8, "it jumps");
    }

    private static ulong Allocated(CommitterVolume volume) =>
        volume.Committer.Device.Header.Fields.AllocatorBytes - volume.Committer.FreeBytes;

    private static void FillAndEmpty(CommitterClient client)
    {
        for (int file = 0; file < Files; file++)
            Assert.Equal(Hammer2Error.None, client.Put($"f{file}", new byte[FileBytes]));
        Assert.Equal(Hammer2Error.None, client.Commit());
        for (int file = 0; file < Files; file++) client.Remove($"f{file}");
        Assert.Equal(Hammer2Error.None, client.Commit());
    }

    private static int BlocksWalked(CommitterVolume volume)
    {
        int blocks = 0;
        bool Count()
        {
            blocks++;
            return false;
        }
        var walk = new ReachableWalk(volume.Device, static _ => { }, newerThan: 0, Count);
        Assert.Equal(Hammer2Error.None, walk.Run(volume.Device.RootChain));
        return blocks;
    }

    private static Hammer2Error Run(
        BulkfreeOptions options, out BulkfreeCounts counts, params CommitterVolume[] volumes)
    {
        var devices = new List<MediaCommitter>();
        foreach (CommitterVolume volume in volumes) devices.Add(volume.Committer);
        return Bulkfree.Run(devices, options, out counts);
    }

    private void AssertFreed(CommitterVolume volume)
    {
        Assert.True(volume.Committer.FreeBytes + (1 << 20) >= _free, $"{volume.Committer.FreeBytes} of {_free} free");
        volume.AssertBothAsCommitted("after bulkfree");
    }

    private sealed class StoppedClient : IMediaClient
    {
        public string Label => "stopped";

        public Hammer2Error CommitForReclaim() => Hammer2Error.ReadOnly;
    }
}
