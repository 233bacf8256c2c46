// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Testing;
using Hammer2.Vnodes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hammer2.Tests.Vnodes;

public sealed class VnodeOpsTests
{
    private sealed class Subject : IDisposable
    {
        public Subject(VolumeSet volumes, long memoryBytes = 64 << 20, string label = "DATA")
        {
            var options = new ClusterMountOptions(new MediaSourceOptions { IsReadOnly = true }, memoryBytes);
            Mount = OpenFilesystems.MountAlone([volumes], label, options, NullLoggerFactory.Instance);
            Ops = new VnodeOps(Mount.Pfs, NullLogger<VnodeOps>.Instance);
        }

        public ClusterMount Mount { get; }

        public VnodeOps Ops { get; }

        public ulong Inum(string path)
        {
            ulong inum = VnodeOps.RootInum;
            foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                Assert.Equal(
                    Errno.None, Ops.Lookup(inum, Encoding.UTF8.GetBytes(name), out VnodeAttributes found));
                inum = found.Inum;
            }
            return inum;
        }

        public List<Listed> List(ulong directory, ulong position, int room, out Errno last)
        {
            var all = new List<Listed>();
            while (true)
            {
                var sink = new ListSink([], room);
                last = Ops.ReadDirectory(directory, position, ref sink);
                if (last != Errno.None || sink.Entries.Count == 0) return all;
                all.AddRange(sink.Entries);
                position = all[^1].NextPosition;
            }
        }

        public void Dispose() => Mount.Dispose();
    }

    private sealed record Listed(string Name, ulong Inum, ObjectType Type, ulong NextPosition);

    private readonly record struct ListSink(List<Listed> Entries, int Room) : IDirectorySink
    {
        public bool Add(scoped ReadOnlySpan<byte> name, ulong inum, ObjectType type, ulong nextPosition)
        {
            if (Entries.Count == Room) return false;
            Entries.Add(new Listed(Encoding.Latin1.GetString(name), inum, type, nextPosition));
            return true;
        }
    }

    [Theory]
    [InlineData("dir-collide", "/")]
    [InlineData("names", "/")]
    [InlineData("dir-deep", "/")]
    public void A_listing_continues_at_any_position_with_any_buffer(string image, string path)
    {
        using var subject = new Subject(GoldenImage.OpenVolumes(image));
        ulong directory = subject.Inum(path);
        List<Listed> whole = subject.List(directory, 0, int.MaxValue, out Errno end);
        Assert.Equal(Errno.None, end);
        Assert.Equal([".", ".."], whole.Take(2).Select(entry => entry.Name));
        Assert.Equal(whole, subject.List(directory, 0, 1, out _));
        Assert.Equal(whole, subject.List(directory, 0, 7, out _));
        for (int from = 0; from < whole.Count; from += 1 + whole.Count / 50)
            Assert.Equal(whole[(from + 1)..], subject.List(directory, whole[from].NextPosition, 100, out _));
    }

    [Fact]
    public void Damage_in_a_listing_is_an_error_at_its_end_for_any_buffer_size()
    {
        foreach (int room in (int[])[1, 2, 1000])
        {
            using var subject = new Subject(GoldenImage.OpenVolumes("dmg-dirent"));
            List<Listed> listed = subject.List(subject.Inum("/d"), 0, room, out Errno last);
            Assert.Equal(Errno.EIO, last);
            Assert.Equal(
                ["other", "rand", "small", "text"],
                listed.Select(entry => entry.Name).Where(name => !name.StartsWith('.')).Order(
                    StringComparer.Ordinal));
        }
    }

    [Fact]
    public void A_name_that_damage_may_hide_is_EIO_and_not_ENOENT()
    {
        using var subject = new Subject(GoldenImage.OpenVolumes("dmg-inode"));
        ulong directory = subject.Inum("/d");
        Assert.Equal(Errno.EIO, subject.Ops.Lookup(directory, "small"u8, out _));
        Assert.Equal(Errno.ENOENT, subject.Ops.Lookup(directory, "smaller"u8, out _));
        Assert.Equal(Errno.None, subject.Ops.Lookup(directory, "other"u8, out _));
    }

    [Fact]
    public void A_damaged_block_of_a_long_name_does_not_affect_other_names()
    {
        using var subject = new Subject(GoldenImage.OpenVolumes("dmg-base"));
        ulong directory = subject.Inum("/d");
        byte[] longName = Encoding.Latin1.GetBytes(
            subject.List(directory, 0, 100, out _).Single(entry => entry.Name.Length > 64).Name);
        using var damaged = new Subject(GoldenImage.OpenVolumes("dmg-dirent"));
        Assert.Equal(Errno.EIO, damaged.Ops.Lookup(directory, longName, out _));
        Assert.Equal(Errno.None, damaged.Ops.Lookup(directory, "text"u8, out _));
    }

    [Fact]
    public void Dot_and_dot_dot_are_found_and_the_root_is_its_own_parent()
    {
        using var subject = new Subject(GoldenImage.OpenVolumes("dmg-base"));
        ulong directory = subject.Inum("/d");
        Assert.Equal(Errno.None, subject.Ops.Lookup(directory, "."u8, out VnodeAttributes self));
        Assert.Equal(Errno.None, subject.Ops.Lookup(directory, ".."u8, out VnodeAttributes parent));
        Assert.Equal(Errno.None, subject.Ops.Lookup(VnodeOps.RootInum, ".."u8, out VnodeAttributes root));
        Assert.Equal((directory, VnodeOps.RootInum, VnodeOps.RootInum), (self.Inum, parent.Inum, root.Inum));
    }

    [Fact]
    public void Unknown_inodes_are_stale_and_wrong_types_are_rejected()
    {
        using var subject = new Subject(GoldenImage.OpenVolumes("dmg-base"));
        VnodeOps ops = subject.Ops;
        byte[] buffer = new byte[16];
        foreach (ulong inum in (ulong[])[0, 2, 1UL << 62, 1UL << 63, ulong.MaxValue])
            Assert.Equal(Errno.ESTALE, ops.GetAttributes(inum, out _));
        Assert.Equal(Errno.EISDIR, ops.Read(VnodeOps.RootInum, 0, buffer, out _));
        Assert.Equal(Errno.EINVAL, ops.ReadLink(VnodeOps.RootInum, buffer, out _));
        Assert.Equal(Errno.ENOTDIR, ops.Lookup(subject.Inum("/d/text"), "x"u8, out _));
        Assert.Equal(Errno.ENAMETOOLONG, ops.Lookup(VnodeOps.RootInum, new byte[256], out _));
        Assert.Equal(
            Errno.EINVAL, subject.List(VnodeOps.RootInum, 1UL << 63, 1, out Errno last) is []
                ? last : Errno.None);
        _ = Assert.IsType<List<Listed>>(subject.List(VnodeOps.RootInum, long.MaxValue, 1, out Errno end));
        Assert.Equal(Errno.None, end);
    }

    [Fact]
    public void Data_and_holes_partition_a_sparse_file()
    {
        using var subject = new Subject(GoldenImage.OpenVolumes("sparse10g"));
        foreach (Listed file in subject.List(VnodeOps.RootInum, 0, 100, out _))
        {
            if (file.Type != ObjectType.RegularFile) continue;
            Assert.Equal(Errno.None, subject.Ops.GetAttributes(file.Inum, out VnodeAttributes attributes));
            ulong dataBytes = 0;
            ulong position = 0;
            while (subject.Ops.Seek(file.Inum, position, SeekTarget.Data, out ulong data) == Errno.None)
            {
                Assert.InRange(data, position, attributes.SizeBytes - 1);
                AssertZeros(subject, file.Inum, position, data);
                Assert.Equal(Errno.None, subject.Ops.Seek(file.Inum, data, SeekTarget.Hole, out position));
                Assert.InRange(position, data + 1, attributes.SizeBytes);
                dataBytes += position - data;
            }
            Assert.Equal(
                Errno.ENXIO, subject.Ops.Seek(file.Inum, attributes.SizeBytes, SeekTarget.Hole, out _));
            Assert.True(attributes.Blocks == 0 || dataBytes > 0, file.Name);
        }
    }

    private static void AssertZeros(Subject subject, ulong inum, ulong begin, ulong end)
    {
        byte[] bytes = new byte[Math.Min(end - begin, 1 << 20)];
        Assert.Equal(Errno.None, subject.Ops.Read(inum, begin, bytes, out int read));
        Assert.Equal(bytes.Length, read);
        Assert.Equal(-1, bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Lookups_of_cached_metadata_allocate_nothing()
    {
        using var subject = new Subject(GoldenImage.OpenVolumes("dir20k"));
        List<Listed> listed = subject.List(VnodeOps.RootInum, 0, int.MaxValue, out _);
        ulong directory = listed.Count > 1000
            ? VnodeOps.RootInum : listed.First(entry => entry.Name[0] != '.').Inum;
        byte[][] names = [.. subject.List(directory, 0, int.MaxValue, out _).Skip(2).Take(500)
            .Select(entry => Encoding.Latin1.GetBytes(entry.Name))];
        for (int round = 0; round < 3; round++) LookupAll(subject, directory, names);
        long before = GC.GetAllocatedBytesForCurrentThread();
        LookupAll(subject, directory, names);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void LookupAll(Subject subject, ulong directory, byte[][] names)
    {
        foreach (byte[] name in names)
            if (subject.Ops.Lookup(directory, name, out _) != Errno.None) Assert.Fail("lookup failed");
    }

    [Fact]
    public void The_memory_bound_holds_while_threads_walk_a_tree_that_is_larger()
    {
        const long bound = 1 << 20;
        using var subject = new Subject(GoldenImage.OpenVolumes("dir20k"), bound);
        List<Listed> expected = subject.List(VnodeOps.RootInum, 0, 1000, out _);
        var failures = new List<string>();
        long held = 0;
        var threads = new Thread[4];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                Errno worst = Errno.None;
                List<Listed> seen = subject.List(VnodeOps.RootInum, 0, 100, out _);
                foreach (Listed entry in seen)
                {
                    Errno error = subject.Ops.GetAttributes(entry.Inum, out _);
                    if (error != Errno.None) worst = error;
                }
                lock (failures)
                {
                    held = Math.Max(held, subject.Mount.Caches.Chains.HeldBytes);
                    if (worst != Errno.None || !seen.SequenceEqual(expected)) failures.Add($"{worst}");
                }
            });
            threads[i].Start();
        }
        foreach (Thread thread in threads) thread.Join();
        Assert.Empty(failures);
        Assert.InRange(held, 1, bound);
    }
}
