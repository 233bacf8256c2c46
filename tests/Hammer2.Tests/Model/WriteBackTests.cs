// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using System.Text;
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Cluster.WriteBack;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Model;

/// <summary>Data between a write and the commit: its space, memory and errors.</summary>
public sealed class WriteBackTests
{
    private const int BlockBytes = Media.FileBlockBytes;
    private static readonly PfsWriteOptions AtOnce = new() { OpenBytesMax = 0 };

    [Fact]
    public void Equal_blocks_are_stored_once_and_files_stay_independent()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        byte[] content = Noise(1, 16 * BlockBytes), other = Noise(2, BlockBytes);
        using (ClusterMount mount = Open(disk, AtOnce, out VnodeOps ops))
        {
            ulong first = Make(ops, "first"), second = Make(ops, "second");
            Assert.Equal(Errno.None, ops.Write(first, 0, content, false));
            Assert.Equal(Errno.None, ops.Sync());
            ulong free = ops.GetSpace().FreeBytes;
            Assert.Equal(Errno.None, ops.Write(second, 0, content, false));
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(16, mount.Pfs.Writer!.DeduplicatedBlocks);
            // Metadata only: a commit allocates granules of each kind, and none for data.
            Assert.True(free - ops.GetSpace().FreeBytes < 4 * BlockBytes);
            // Overwritten before a commit, and after one: the other file keeps its bytes.
            Assert.Equal(Errno.None, ops.Write(second, 3 * BlockBytes, other, false));
            Assert.Equal(Errno.None, ops.Write(first, 5 * BlockBytes, other, false));
            Assert.Equal(Errno.None, ops.Sync());
        }
        using (ClusterMount again = Open(disk, AtOnce, out VnodeOps ops))
        {
            byte[] expected = (byte[])content.Clone();
            other.CopyTo(expected, 3 * BlockBytes);
            Assert.Equal(expected, Read(ops, "second", content.Length));
            other.CopyTo(content, 5 * BlockBytes);
            content.AsSpan(3 * BlockBytes, BlockBytes).CopyTo(expected.AsSpan(3 * BlockBytes));
            other.CopyTo(expected, 5 * BlockBytes);
            Assert.Equal(expected, Read(ops, "first", content.Length));
        }
        ModelMount.Judge([disk], 1);
    }

    /// <summary>Less than wakes a worker, and not needed by a commit.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public void Dirty_data_dropped_before_write_back_uses_no_space_after_the_next_commit(bool isRemoved)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using (ClusterMount mount = Open(disk, new PfsWriteOptions { Workers = 2 }, out VnodeOps ops))
        {
            ulong file = Make(ops, "file");
            Assert.Equal(Errno.None, ops.Write(file, 0, Noise(1, 4 * BlockBytes), false));
            Assert.NotEqual(0, mount.Pfs.Writer!.UnwrittenBytes);
            if (isRemoved)
            {
                Assert.Equal(Errno.None, ops.Unlink(VnodeOps.RootInum, "file"u8, out ulong gone));
                Assert.Equal(Errno.None, ops.Forget(gone));
            }
            else
            {
                var empty = new AttributeChange { SizeBytes = 0 };
                Assert.Equal(Errno.None, ops.SetAttributes(file, empty, out _));
            }
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(0, mount.Pfs.Writer.UnwrittenBytes);
        }
        ModelMount.Judge([disk], 1);
    }

    [Fact]
    public void A_duplicate_of_a_block_freed_before_the_commit_is_stored_again()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        byte[] content = Noise(1, BlockBytes), other = Noise(2, BlockBytes), third = Noise(3, BlockBytes);
        using (ClusterMount mount = Open(disk, AtOnce, out VnodeOps ops))
        {
            ulong first = Make(ops, "first"), second = Make(ops, "second");
            // Written back, then overwritten: its space is allocated to the next block.
            foreach (byte[] bytes in new[] { content, other, third })
            {
                Assert.Equal(Errno.None, ops.Write(first, 0, bytes, false));
                Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Throttle());
            }
            Assert.Equal(Errno.None, ops.Write(second, 0, content, false));
            Assert.Equal(Errno.None, ops.Write(second, BlockBytes, third, false));
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(1, mount.Pfs.Writer!.DeduplicatedBlocks);
        }
        using (ClusterMount again = Open(disk, AtOnce, out VnodeOps ops))
        {
            Assert.Equal(third, Read(ops, "first", BlockBytes));
            Assert.Equal([.. content, .. third], Read(ops, "second", 2 * BlockBytes));
        }
        ModelMount.Judge([disk], 1);
    }

    [Fact]
    public void Adjacent_blocks_are_one_write_on_each_node_and_cached_on_one()
    {
        MemoryBlockDevice[] disks = NewVolume.ClusterInMemory(3);
        FaultyBlockDevice[] counted = [.. disks.Select(disk => new FaultyBlockDevice(new UnownedDevice(disk)))];
        byte[] content = Noise(1, 32 * BlockBytes);
        using (ClusterMount mount = ModelMount.Open(counted, NewVolume.ClusterLabel))
        {
            Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(AtOnce));
            var ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
            ulong file = Make(ops, "file");
            Assert.Equal(Errno.None, ops.Sync());
            long[] before = [.. counted.Select(device => device.WriteCount)];
            Assert.Equal(Errno.None, ops.Write(file, 0, content, false));
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Throttle());
            // Two batches; a new segment may start within one.
            for (int i = 0; i < counted.Length; i++) Assert.InRange(counted[i].WriteCount - before[i], 2, 3);
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Single(counted, device => device.UncachedBytes == 0);
            Assert.Equal(2, counted.Count(device => device.UncachedBytes == content.Length));
            Assert.Equal(content, Read(ops, "file", content.Length));
        }
        ModelMount.Judge(disks, 3);
        foreach (MemoryBlockDevice disk in disks) disk.Dispose();
    }

    [Fact]
    public void Equal_blocks_of_one_batch_are_stored_once_if_either_is_replaced()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        byte[] once = Noise(1, BlockBytes), other = Noise(2, BlockBytes);
        byte[] content = [.. once, .. once, .. other, .. once];
        using (ClusterMount mount = Open(disk, AtOnce, out VnodeOps ops))
        {
            ulong first = Make(ops, "first"), second = Make(ops, "second");
            Assert.Equal(Errno.None, ops.Sync());
            Assert.Equal(Errno.None, ops.Write(first, 0, content, false));
            Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Throttle());
            Assert.Equal(2, mount.Pfs.Writer!.DeduplicatedBlocks);
            // The stored block is overwritten before the commit, and its space could be allocated again.
            Assert.Equal(Errno.None, ops.Write(first, 0, Noise(3, BlockBytes), false));
            Assert.Equal(Errno.None, ops.Write(second, 0, Noise(4, 4 * BlockBytes), false));
            Assert.Equal(Errno.None, ops.Sync());
        }
        using (ClusterMount again = Open(disk, AtOnce, out VnodeOps ops))
        {
            Assert.Equal([.. Noise(3, BlockBytes), .. once, .. other, .. once], Read(ops, "first", content.Length));
            Assert.Equal(Noise(4, 4 * BlockBytes), Read(ops, "second", 4 * BlockBytes));
        }
        ModelMount.Judge([disk], 1);
    }

    [Fact]
    public void Rewriting_before_a_commit_uses_no_more_space()
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        using ClusterMount mount = Open(disk, AtOnce, out VnodeOps ops);
        ulong file = Make(ops, "file");
        Assert.Equal(Errno.None, ops.Sync());
        ulong free = ops.GetSpace().FreeBytes;
        for (ulong seed = 1; seed <= 200; seed++)
            Assert.Equal(Errno.None, ops.Write(file, 0, Noise(seed, BlockBytes), false));
        Assert.Equal(Hammer2Error.None, mount.Pfs.Writer!.Throttle());
        Assert.True(free - ops.GetSpace().FreeBytes <= 2 * BlockBytes);
        Assert.Equal(Errno.None, ops.Sync());
        Assert.Equal(Noise(200, BlockBytes), Read(ops, "file", BlockBytes));
    }

    [Theory, InlineData(0), InlineData(2)]
    public void Memory_stays_bounded(int workers)
    {
        const long OpenBytesMax = 1 << 20;
        using MemoryBlockDevice disk = NewVolume.InMemory(2L << 30);
        var options = new PfsWriteOptions { Workers = workers, OpenBytesMax = OpenBytesMax };
        using ClusterMount mount = Open(disk, options, out VnodeOps ops);
        ulong file = Make(ops, "file");
        var random = new SeededRandom(1);
        byte[] data = Noise(1, 2 * BlockBytes);
        long most = 0;
        for (int i = 0; i < 1500; i++)
        {
            // Sequential writes, and blocks that are never full.
            bool isStream = random.OneIn(2);
            ulong at = isStream ? (ulong)i * (ulong)data.Length : (ulong)random.Below(1L << 28);
            Assert.Equal(Errno.None, ops.Write(file, at, isStream ? data : data.AsSpan(0, 700), false));
            most = Math.Max(most, mount.Pfs.Writer!.UnwrittenBytes);
        }
        // The limits of open and queued blocks, and one operation.
        Assert.InRange(most, BlockBytes, OpenBytesMax + BlockWriteBack.SealedBytesMax + (4 * BlockBytes));
        Assert.Equal(Errno.None, ops.Sync());
        Assert.True(System.Threading.SpinWait.SpinUntil(
            () => mount.Pfs.Writer!.UnwrittenBytes == 0, TimeSpan.FromSeconds(60)));
    }

    [Theory, InlineData(0), InlineData(2)]
    public void A_device_failure_before_the_commit_is_reported_and_data_stays_readable(int workers)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory();
        var faulty = new FaultyBlockDevice(disk);
        using ClusterMount mount = Open(faulty, new PfsWriteOptions { Workers = workers }, out VnodeOps ops);
        ulong file = Make(ops, "file");
        Assert.Equal(Errno.None, ops.Sync());
        faulty.FailWrites(0, disk.LengthBytes);
        byte[] content = Noise(1, 4 * BlockBytes);
        Assert.Equal(Errno.None, ops.Write(file, 0, content, false));
        Assert.Equal(Errno.EIO, ops.Sync());
        Assert.Equal(Errno.EIO, ops.Sync());
        Assert.Equal(Errno.EROFS, ops.Write(file, 0, content, false));
        Assert.True(mount.Pfs.Writer!.IsStopped);
        Assert.Equal(content, Read(ops, "file", content.Length));
    }

    [Fact]
    public void The_cost_of_fsync_depends_on_the_changes_and_not_on_the_size_of_the_filesystem()
    {
        (long writes, long flushes) small = CostOfSync(files: 10), big = CostOfSync(files: 20_000);
        // Barriers: before the header, and after it.
        Assert.Equal(2, small.flushes);
        Assert.Equal(2, big.flushes);
        // A block, its inode, the index with a level more, root, super-root, the freemap's leaf and node, header.
        Assert.InRange(small.writes, 5, 12);
        Assert.InRange(big.writes, 5, 14);
    }

    private static (long Writes, long Flushes) CostOfSync(int files)
    {
        using MemoryBlockDevice disk = NewVolume.InMemory(16L << 30);
        var counted = new FaultyBlockDevice(disk);
        using ClusterMount mount = Open(counted, new PfsWriteOptions(), out VnodeOps ops);
        for (int i = 0; i < files; i++) Assert.Equal(Errno.None, ops.Write(Make(ops, $"f{i}"), 0, "x"u8, false));
        ulong file = Make(ops, "file");
        Assert.Equal(Errno.None, ops.Write(file, 0, Noise(1, 4 * BlockBytes), false));
        Assert.Equal(Errno.None, ops.Sync());
        (long writes, long flushes) = (counted.WriteCount, counted.FlushCount);
        Assert.Equal(Errno.None, ops.Write(file, BlockBytes, Noise(2, 4096), false));
        Assert.Equal(Errno.None, ops.Sync());
        return (counted.WriteCount - writes, counted.FlushCount - flushes);
    }

    private static ClusterMount Open(IBlockDevice disk, PfsWriteOptions options, out VnodeOps ops)
    {
        ClusterMount mount = ModelMount.Open([disk], NewVolume.Label);
        Assert.Equal(Hammer2Error.None, mount.Pfs.OpenForWriting(options));
        ops = new VnodeOps(mount.Pfs, NullLogger<VnodeOps>.Instance);
        return mount;
    }

    private static ulong Make(VnodeOps ops, string name)
    {
        Assert.Equal(Errno.None, ops.Create(
            VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), new NewObject(ObjectType.RegularFile, UnixMode.O644),
            new Credentials(0, 0), out VnodeAttributes made));
        return made.Inum;
    }

    private static byte[] Read(VnodeOps ops, string name, int length)
    {
        Assert.Equal(Errno.None, ops.Lookup(VnodeOps.RootInum, Encoding.ASCII.GetBytes(name), out VnodeAttributes at));
        byte[] bytes = new byte[length];
        Assert.Equal(Errno.None, ops.Read(at.Inum, 0, bytes, out int read));
        Assert.Equal(length, read);
        return bytes;
    }

    private static byte[] Noise(ulong seed, int length)
    {
        byte[] bytes = new byte[length];
        new SeededRandom(seed).Fill(bytes);
        return bytes;
    }
}
