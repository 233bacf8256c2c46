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
/// Goal: no two blocks overlap, and free space can be used. Method: the allocator of a small volume alone, compared
/// with a list of the blocks in use.
/// </summary>
public sealed class FreemapAllocatorTests : IDisposable
{
    private const int RunBytes = Media.AllocationBytesMax;

    private static readonly BlockrefType[] s_kinds =
        [BlockrefType.Inode, BlockrefType.Indirect, BlockrefType.Data, BlockrefType.Dirent];

    private readonly MemoryBlockDevice _disk = NewVolume.InMemory(32L << 20);
    private readonly VolumeSet _volumes;
    private readonly FreemapAllocator _allocator;

    public FreemapAllocatorTests()
    {
        _volumes = VolumeSet.Open([_disk]);
        _allocator = new FreemapAllocator(
            _volumes, new MediaFaultLog(_volumes, NullLogger<MediaDevice>.Instance), new DeviceFence());
        Assert.Equal(Hammer2Error.None, _allocator.Load());
    }

    public static TheoryData<ulong> Seeds => new(SeededRandom.Seeds(20));

    public void Dispose() => _volumes.Dispose();

    [Theory, MemberData(nameof(Seeds))]
    public void Blocks_in_use_never_overlap(ulong seed)
    {
        var random = new SeededRandom(seed);
        var used = new List<DataOffset>();
        var granted = new List<DataOffset>();           // allocated since the last pass, not committed yet
        for (int step = 0; step < 4000; step++)
        {
            if (random.OneIn(150))
            {
                // Also free the newest, so that granules are freed that are still being filled.
                int gone = random.Below(used.Count + 1);
                used.RemoveRange(used.Count - gone, gone);
                granted.Clear();
                Reclaim(used, passes: random.OneIn(4) ? 1 : 2);
            }
            if (random.OneIn(3) && granted.Count > 0)
            {
                // Mostly the newest: of small blocks only the last one in its granule can be freed.
                int index = random.OneIn(2) ? granted.Count - 1 : random.Below(granted.Count);
                _allocator.Release(granted[index]);
                _ = used.Remove(granted[index]);
                granted.RemoveAt(index);
                continue;
            }
            int radix = random.OneIn(8) ? 14 + random.Below(3) : 10 + random.Below(4);
            Hammer2Error error = _allocator.Allocate(random.Pick<BlockrefType>(s_kinds), radix, out DataOffset place);
            if (error != Hammer2Error.None)
            {
                Assert.Equal(Hammer2Error.NoSpace, error);
                used.RemoveRange(0, used.Count / 2);    // removed by a commit: bulkfree must find them
                granted.Clear();
                Reclaim(used, passes: 2);
                continue;
            }
            foreach (DataOffset other in used)
            {
                bool isApart = place.Bytes >= other.Bytes + (uint)other.SizeBytes
                    || other.Bytes >= place.Bytes + (uint)place.SizeBytes;
                Assert.True(isApart, $"seed {seed}, step {step}: {place.Bytes:x} overlaps {other.Bytes:x}");
            }
            used.Add(place);
            granted.Add(place);
        }
    }

    [Fact]
    public void Small_blocks_are_allocated_in_broken_runs_when_whole_runs_are_scarce()
    {
        const int WholeTotal = 20, BrokenTotal = 30;
        List<DataOffset> all = FillWith(BlockrefType.Data, radix: 14);
        ulong[] runs = [.. all.Select(block => block.Bytes / RunBytes).Distinct().Order()];
        foreach (DataOffset block in all)
        {
            int run = Array.IndexOf(runs, block.Bytes / RunBytes);
            bool isFreed = run < WholeTotal || (run < WholeTotal + BrokenTotal && block.Bytes % RunBytes == 0);
            if (isFreed) _allocator.Release(block);
        }
        for (int i = 0; i < BrokenTotal; i++)
        {
            DataOffset small = Take(s_kinds[i % s_kinds.Length], radix: 14);
            Assert.True(Array.IndexOf(runs, small.Bytes / RunBytes) >= WholeTotal, $"block {i} broke a whole run");
        }
        for (int i = 0; i < WholeTotal; i++) _ = Take(BlockrefType.Data, radix: 16);
        Assert.Equal(Hammer2Error.NoSpace, _allocator.Allocate(BlockrefType.Data, 16, out _));
    }

    [Fact]
    public void Broken_runs_count_as_free_space_for_small_blocks_only()
    {
        List<DataOffset> all = FillWith(BlockrefType.Data, radix: 14);
        foreach (DataOffset block in all.Where(block => block.Bytes % RunBytes == 0)) _allocator.Release(block);
        long free = (long)_allocator.FreeBytes;
        Assert.True(free > 1 << 20);
        Assert.True(_allocator.HasRoom(free, runBytes: 0, smallBytes: free));
        Assert.False(_allocator.HasRoom(free, runBytes: RunBytes, smallBytes: 0));
        Assert.False(_allocator.HasRoom(free + Media.GranuleBytes, runBytes: 0, smallBytes: 0));
    }

    [Fact]
    public void Each_block_type_fills_its_own_granules_in_a_shared_segment()
    {
        List<DataOffset> all = FillWith(BlockrefType.Data, radix: 14);
        ulong segment = all[^1].Bytes / Media.SegmentBytes;
        foreach (DataOffset block in all.Where(block => block.Bytes / Media.SegmentBytes == segment).Take(40))
            _allocator.Release(block);
        var kindOf = new Dictionary<ulong, BlockrefType>();
        for (int i = 0; i < 8; i++)
        {
            foreach (BlockrefType kind in s_kinds)
            {
                ulong granule = Take(kind, radix: 11).Bytes / Media.GranuleBytes;
                Assert.True(kindOf.TryAdd(granule, kind) || kindOf[granule] == kind, "two kinds share a granule");
            }
        }
        Assert.Equal(s_kinds.Length, kindOf.Count);     // 8 blocks of 2 KiB are 16 KiB
    }

    [Fact]
    public void A_granule_that_was_freed_and_allocated_again_is_not_filled_further()
    {
        DataOffset small = Take(BlockrefType.Inode, radix: 10);
        Reclaim([], passes: 2);
        DataOffset granule = Take(BlockrefType.Data, radix: 14);
        while (granule.Bytes / Media.GranuleBytes != small.Bytes / Media.GranuleBytes)
            granule = Take(BlockrefType.Data, radix: 14);
        Assert.NotEqual(granule.Bytes / Media.GranuleBytes,
            Take(BlockrefType.Inode, radix: 10).Bytes / Media.GranuleBytes);
    }

    // What remains is less than a block of this size.
    private List<DataOffset> FillWith(BlockrefType kind, int radix)
    {
        var all = new List<DataOffset>();
        while (_allocator.Allocate(kind, radix, out DataOffset place) == Hammer2Error.None) all.Add(place);
        Assert.True(all.Count > 100);
        return all;
    }

    private DataOffset Take(BlockrefType kind, int radix)
    {
        Assert.Equal(Hammer2Error.None, _allocator.Allocate(kind, radix, out DataOffset place));
        return place;
    }

    private void Reclaim(List<DataOffset> used, int passes)
    {
        _allocator.StartTracking();
        var reached = new ReachedGranules(0, 1);
        foreach (DataOffset block in used) reached.Mark(block);
        BulkfreeCounts counts = default;
        for (int pass = 0; pass < passes; pass++)
            _allocator.Reclaim(reached, ref counts, freed: null);
        _allocator.StopTracking();
        Assert.Equal(0, counts.MissingGranules);
    }
}
