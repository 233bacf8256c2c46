// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Chains;
using Hammer2.Chains.Commits;
using Hammer2.Chains.Freemap;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Chains;

/// <summary>
/// Goal: the allocator's counts of free space match its bitmaps, in memory and on media, and are exact after bulkfree.
/// Method: drawn allocations, releases and passes against a set of granules. HAMMER2_SEED=n replays one.
/// </summary>
public sealed class FreemapAccountingTests : IDisposable
{
    private static readonly BlockrefType[] s_types =
        [BlockrefType.Inode, BlockrefType.Indirect, BlockrefType.Data, BlockrefType.Dirent];

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory(48L << 20);
    private readonly VolumeSet _volumes;
    private readonly FreemapAllocator _allocator;
    private readonly Blockref[] _blockset;
    private readonly List<DataOffset> _live = [];
    private readonly List<DataOffset> _fresh = [];      // of the live ones, those since the last pass
    private ulong _tid = 100;

    public FreemapAccountingTests()
    {
        _volumes = VolumeSet.Open([_disk]);
        _allocator = NewAllocator();
        _blockset = _volumes.Header.FreemapBlockset.ToArray();
    }

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(15));

    public void Dispose() => _volumes.Dispose();

    [Theory, MemberData(nameof(Seeds))]
    public void The_counts_are_those_of_the_bitmaps(ulong seed)
    {
        var random = new SeededRandom(seed);
        ulong empty = _allocator.FreeBytes;
        for (int step = 0; step < 1500; step++)
        {
            string place = $"seed {seed}, step {step}";
            switch (random.Below(12))
            {
                case 0 when random.OneIn(10):
                    _live.RemoveRange(0, random.Below(_live.Count + 1));
                    Reclaim();
                    Assert.True(empty - GranuleBytesOfLive() == _allocator.FreeBytes, place);
                    break;
                case 1 when random.OneIn(4):
                    AssertSameOnMedia(place);
                    break;
                case < 5 when _fresh.Count > 0:
                    // Blocks that share a granule free it with the last one only, if at all.
                    DataOffset block = _fresh[random.OneIn(2) ? ^1 : random.Below(_fresh.Count)];
                    _allocator.Release(block);
                    _ = _fresh.Remove(block);
                    _ = _live.Remove(block);
                    break;
                default:
                    Allocate(random);
                    break;
            }
            Assert.True(_allocator.FreeBytes <= empty - GranuleBytesOfLive(), place);
            AssertRoom((long)_allocator.FreeBytes, place);
        }
        AssertSameOnMedia($"seed {seed}, at the end");
    }

    private FreemapAllocator NewAllocator()
    {
        var faults = new MediaFaultLog(_volumes, NullLogger<MediaDevice>.Instance);
        var allocator = new FreemapAllocator(_volumes, faults, new DeviceFence());
        Assert.Equal(Hammer2Error.None, allocator.Load());
        return allocator;
    }

    private void Allocate(SeededRandom random)
    {
        int radix = 10 + random.Below(7);
        Hammer2Error error = _allocator.Allocate(random.Pick<BlockrefType>(s_types), radix, out DataOffset block);
        if (error == Hammer2Error.NoSpace) return;
        Assert.Equal(Hammer2Error.None, error);
        _live.Add(block);
        _fresh.Add(block);
    }

    private ulong GranuleBytesOfLive()
    {
        var granules = new HashSet<ulong>();
        foreach (DataOffset block in _live)
        {
            ulong last = (block.Bytes + (uint)block.SizeBytes - 1) / Media.GranuleBytes;
            for (ulong at = block.Bytes / Media.GranuleBytes; at <= last; at++) _ = granules.Add(at);
        }
        return (ulong)granules.Count * Media.GranuleBytes;
    }

    private void AssertRoom(long free, string place)
    {
        Assert.True(_allocator.HasRoom(free, runBytes: 0, smallBytes: 0), place);
        Assert.False(_allocator.HasRoom(free + Media.GranuleBytes, runBytes: 0, smallBytes: 0), place);
    }

    // Everything on the volume before this test began lies below what is allocated from.
    private void Reclaim()
    {
        _allocator.StartTracking();
        var reached = new ReachedGranules(0, 1);
        foreach (DataOffset block in _live) reached.Mark(block);
        BulkfreeCounts counts = default;
        for (int pass = 0; pass < 2; pass++)
            _allocator.Reclaim(reached, ref counts, freed: null);
        _allocator.StopTracking();
        Assert.Equal(0, counts.MissingGranules);
        _fresh.Clear();
    }

    private void AssertSameOnMedia(string place)
    {
        Assert.Equal(Hammer2Error.None, _allocator.Write(++_tid, _blockset, out ulong freeBytes));
        Assert.True(freeBytes >= _allocator.FreeBytes, place);
        byte[] bytes = _volumes.Header.ToArray();
        var header = new VolumeHeaderView(bytes);
        _blockset.CopyTo(header.FreemapBlockset);
        VolumeHeaderCandidate.StoreCrcs(header);
        using var copy = new OverlayBlockDevice(_disk, ownsBelow: false);
        Assert.Equal(Hammer2Error.None, copy.Write(0, bytes));
        using VolumeSet volumes = VolumeSet.Open([copy]);
        var tree = new FreemapTree(volumes, new MediaFaultLog(volumes, NullLogger<MediaDevice>.Instance));
        Assert.Equal(Hammer2Error.None, tree.Load());
        Assert.Equal(Hammer2Error.None, tree.CountUntil(new FreeSpace(long.MaxValue, long.MaxValue)));
        Assert.True((ulong)tree.Known.Bytes == _allocator.FreeBytes, place);
        foreach (FreemapLeaf leaf in tree.Leaves)
        {
            Assert.Equal(Hammer2Error.None, tree.GetLeaf(leaf.Reference.Key, out _));
            long available = leaf.Entries.ToArray().Sum(entry => (long)entry.AvailableBytes);
            Assert.True(available == leaf.Free.Bytes, place);
        }
    }
}
