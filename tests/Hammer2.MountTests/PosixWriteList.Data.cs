// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Threading;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixWriteList
{
    private const int PageBytes = 4096;
    private const int ReadAndWrite = 3;         // PROT_READ | PROT_WRITE
    private const int MapShared = 1;

    private static IReadOnlyList<PosixBehaviour<string>> Contents =>
    [
        new("written bytes are read back, at any size and offset", Reading_what_was_written),
        new("a write past EOF leaves zeros between", Writing_past_EOF),
        new("O_APPEND writes at the end wherever the position is", Appending),
        new("threads that append leave every record whole", Parallel_appending),
        new("a descriptor for writing does not read, one for reading not write", Directions),
        new("truncation cuts, and growing brings zeros, not old bytes", Truncating),
        new("invalid sizes are rejected", Invalid_sizes),
        new("O_TRUNC empties a file, and its other readers see that", Opening_truncates),
        new("shared mappings write the file, and the file shows in them", Mapping),
        new("O_DIRECT writes what other reads read", Direct_writes),
        new("two descriptors see each other's writes at once", Two_descriptors),
        new("threads that write their own parts of one file do not disturb each other", Parallel_writes),
        new("a file of a petabyte can hold a byte at its end", Far_positions),
    ];

    private static void Reading_what_was_written(string root)
    {
        byte[] model = new byte[700_000];
        var random = new Random(20261124);
        using PosixFile file = Open(root + "/f", PosixCalls.Create | PosixCalls.ReadWrite);
        Done(PosixCalls.SetSize(file.Id, model.Length), "ftruncate");
        byte[] found = new byte[model.Length];
        foreach (int size in (int[])[1, 100, 512, 513, 4096, 65_535, 65_536, 65_537, 200_000])
        {
            for (int i = 0; i < 8; i++)
            {
                byte[] piece = Pattern(size, random.Next());
                int at = random.Next(model.Length - size);
                piece.CopyTo(model, at);
                Assert.Equal(size, PosixCalls.WriteAt(file.Id, piece, at));
            }
            Assert.Equal(found.Length, PosixCalls.ReadAt(file.Id, found, 0));
            Assert.True(found.AsSpan().SequenceEqual(model), $"after writes of {size}");
        }
        Holds(root + "/f", model);
    }

    private static void Writing_past_EOF(string root)
    {
        foreach (int start in (int[])[10, 511, 512, 5000, 65_536, 1_000_000])
        {
            string path = Make($"{root}/f{start}", 1, 2, 3);
            using (PosixFile file = Open(path, PosixCalls.WriteOnly))
                Assert.Equal(2, PosixCalls.WriteAt(file.Id, [8, 9], start));
            byte[] expected = new byte[start + 2];
            (expected[0], expected[1], expected[2]) = (1, 2, 3);
            (expected[start], expected[start + 1]) = (8, 9);
            Holds(path, expected);
        }
    }

    private static void Appending(string root)
    {
        string path = Make(root + "/f", 1);
        using PosixFile first = Open(path, PosixCalls.Append | PosixCalls.ReadWrite);
        using PosixFile second = Open(path, PosixCalls.Append | PosixCalls.WriteOnly);
        Assert.Equal(1, PosixCalls.Write(first.Id, [2]));
        Assert.Equal(1, PosixCalls.Write(second.Id, [3]));
        Done(PosixCalls.Seek(first.Id, 0, PosixCalls.SeekSet), "lseek");
        Assert.Equal(1, PosixCalls.Write(first.Id, [4]));
        Assert.Equal(1, PosixCalls.WriteAt(second.Id, [5], 0));     // so Linux, unlike POSIX
        Holds(path, [1, 2, 3, 4, 5]);
    }

    private static void Parallel_appending(string root)
    {
        string path = Make(root + "/f");
        const int Records = 50, RecordBytes = 100, Writers = 4;
        Together(Writers, writer =>
        {
            using PosixFile file = Open(path, PosixCalls.Append | PosixCalls.WriteOnly);
            byte[] record = new byte[RecordBytes];
            Array.Fill(record, (byte)(writer + 1));
            for (int i = 0; i < Records; i++) Assert.Equal(RecordBytes, PosixCalls.Write(file.Id, record));
        });
        byte[] content = PosixTree.Contents(path);
        Assert.Equal(Writers * Records * RecordBytes, content.Length);
        int[] counts = new int[Writers + 1];
        for (int at = 0; at < content.Length; at += RecordBytes)
        {
            Assert.False(content.AsSpan(at, RecordBytes).ContainsAnyExcept(content[at]));
            counts[content[at]]++;
        }
        Assert.Equal([0, Records, Records, Records, Records], counts);
    }

    private static void Directions(string root)
    {
        string path = Make(root + "/f", 1);
        using PosixFile writer = Open(path, PosixCalls.WriteOnly);
        Refused(BadDescriptor, PosixCalls.Read(writer.Id, new byte[1]), "read");
        using PosixFile reader = Open(path, 0);
        Refused(BadDescriptor, PosixCalls.Write(reader.Id, [1]), "write");
        Refused(Invalid, PosixCalls.SetSize(reader.Id, 0), "ftruncate");
        Refused(Invalid, PosixCalls.WriteAt(writer.Id, [1], -1), "pwrite");
    }

    private static void Truncating(string root)
    {
        byte[] content = Pattern(300_000);
        Array.Fill(content, (byte)0xAA, 0, 1000);
        foreach (int size in (int[])[0, 1, 511, 512, 513, 4095, 65_535, 65_536, 65_537, 299_999])
        {
            string path = Make($"{root}/f{size}", content);
            Done(PosixCalls.SetSize(path, size), "truncate");
            Holds(path, content.AsSpan(0, size));
            Done(PosixCalls.SetSize(path, content.Length), "truncate");
            byte[] expected = new byte[content.Length];
            content.AsSpan(0, size).CopyTo(expected);
            Holds(path, expected);
        }
    }

    private static void Invalid_sizes(string root)
    {
        string path = Make(root + "/f", 1);
        Refused(Invalid, PosixCalls.SetSize(path, -1), "truncate");
        Refused(IsDirectory, PosixCalls.SetSize(root, 0), "truncate of a directory");
        using PosixFile file = Open(path, PosixCalls.ReadWrite);
        Refused(Invalid, PosixCalls.WriteAt(file.Id, [1], long.MaxValue), "pwrite");
        Holds(path, [1]);
    }

    private static void Opening_truncates(string root)
    {
        string path = Make(root + "/f", Pattern(100_000));
        using PosixFile reader = Open(path, 0);
        byte[] found = new byte[10];
        Assert.Equal(10, PosixCalls.ReadAt(reader.Id, found, 90_000));
        using (Open(path, PosixCalls.Truncate | PosixCalls.WriteOnly))
        {
            Assert.Equal(0, PosixCalls.ReadAt(reader.Id, found, 0));
            Done(PosixCalls.StatX(reader.Id, out PosixStatus status), "fstat");
            Assert.Equal(0ul, status.Size);
        }
    }

    private static unsafe void Mapping(string root)
    {
        byte[] content = Pattern(3 * PageBytes + 100);
        string path = Make(root + "/f", content);
        using PosixFile file = Open(path, PosixCalls.ReadWrite);
        nuint mapped = 4 * PageBytes;
        byte* bytes = PosixCalls.Map(file.Id, mapped, ReadAndWrite, MapShared, 0, out int error);
        Assert.True(bytes != null, $"mmap: errno {error}");
        for (int at = 0; at < content.Length; at += 1000) bytes[at] = content[at] = (byte)(at / 1000);
        Done(PosixCalls.SyncMapping(bytes, mapped), "msync");
        Holds(path, content);
        Assert.Equal(3, PosixCalls.WriteAt(file.Id, [7, 8, 9], 5000));
        Assert.Equal([7, 8, 9], new ReadOnlySpan<byte>(bytes + 5000, 3).ToArray());
        bytes[2 * PageBytes] = 0x5A;
        PosixCalls.Unmap(bytes, mapped);
        byte[] found = new byte[1];
        Assert.Equal(1, PosixCalls.ReadAt(file.Id, found, 2 * PageBytes));
        Assert.Equal(0x5A, found[0]);
        Assert.Equal((ulong)content.Length, PosixTree.Status(path).Size);
    }

    private static unsafe void Direct_writes(string root)
    {
        string path = Make(root + "/f", Pattern(64 * PageBytes));
        byte[] memory = GC.AllocateUninitializedArray<byte>(PageBytes * 17, pinned: true);
        int skip;
        fixed (byte* start = memory) skip = (int)((PageBytes - ((nuint)start % PageBytes)) % PageBytes);
        Span<byte> aligned = memory.AsSpan(skip, PageBytes * 16);
        Pattern(aligned.Length, 2).CopyTo(aligned);
        using PosixFile reader = Open(path, 0);
        byte[] found = new byte[aligned.Length];
        using PosixFile file = Open(path, PosixCalls.ReadWrite | PosixCalls.Direct);
        foreach (int page in (int[])[0, 3, 40, 60])
        {
            Assert.Equal(found.Length, PosixCalls.WriteAt(file.Id, aligned, page * PageBytes));
            Assert.Equal(found.Length, PosixCalls.ReadAt(reader.Id, found, page * PageBytes));
            Assert.True(aligned.SequenceEqual(found), $"at page {page}");
        }
        Assert.Equal(76ul * PageBytes, PosixTree.Status(path).Size);
        // Dirty pages of the page cache are seen by direct reads too.
        using PosixFile writer = Open(path, PosixCalls.WriteOnly);
        Assert.Equal(5, PosixCalls.WriteAt(writer.Id, [1, 2, 3, 4, 5], 20 * PageBytes));
        Assert.Equal(aligned.Length, PosixCalls.ReadAt(file.Id, aligned, 20 * PageBytes));
        Assert.Equal([1, 2, 3, 4, 5], aligned[..5].ToArray());
    }

    private static void Two_descriptors(string root)
    {
        string path = Make(root + "/f");
        using PosixFile first = Open(path, PosixCalls.ReadWrite);
        using PosixFile second = Open(path, PosixCalls.ReadWrite);
        byte[] found = new byte[2];
        for (byte i = 0; i < 100; i++)
        {
            PosixFile writer = i % 2 == 0 ? first : second, reader = i % 2 == 0 ? second : first;
            Assert.Equal(2, PosixCalls.WriteAt(writer.Id, [i, i], i * 700));
            Assert.Equal(2, PosixCalls.ReadAt(reader.Id, found, i * 700));
            Assert.Equal([i, i], found);
            Done(PosixCalls.StatX(reader.Id, out PosixStatus status), "fstat");
            Assert.Equal((ulong)(i * 700) + 2, status.Size);
        }
    }

    private static void Parallel_writes(string root)
    {
        string path = Make(root + "/f");
        const int Part = 150_001, Writers = 4;
        Together(Writers, writer =>
        {
            byte[] content = Pattern(Part, writer);
            using PosixFile file = Open(path, PosixCalls.WriteOnly);
            for (int at = 0; at < Part; at += 999)
            {
                ReadOnlySpan<byte> piece = content.AsSpan(at, Math.Min(999, Part - at));
                Assert.Equal(piece.Length, PosixCalls.WriteAt(file.Id, piece, (writer * Part) + at));
            }
        });
        byte[] found = PosixTree.Contents(path);
        for (int writer = 0; writer < Writers; writer++)
            Assert.True(Pattern(Part, writer).AsSpan().SequenceEqual(found.AsSpan(writer * Part, Part)));
    }

    private static void Far_positions(string root)
    {
        using PosixFile file = Open(root + "/f", PosixCalls.Create | PosixCalls.ReadWrite);
        Assert.Equal(1, PosixCalls.WriteAt(file.Id, [77], 1L << 50));
        Done(PosixCalls.StatX(file.Id, out PosixStatus status), "fstat");
        Assert.Equal((1ul << 50) + 1, status.Size);
        byte[] found = new byte[2];
        Assert.Equal(2, PosixCalls.ReadAt(file.Id, found, (1L << 50) - 1));
        Assert.Equal([0, 77], found);
        Done(PosixCalls.SetSize(file.Id, 3), "ftruncate");
    }

    private static void CopyAll(int from, long fromOffset, int to, long toOffset, long bytes)
    {
        while (bytes > 0)
        {
            long copied = PosixCalls.CopyRange(from, fromOffset, to, toOffset, bytes);
            Done(copied, "copy_file_range");
            if (copied == 0) return;
            (fromOffset, toOffset, bytes) = (fromOffset + copied, toOffset + copied, bytes - copied);
        }
    }

    /// <summary>Runs as many threads, and fails with the first failure of one.</summary>
    private static void Together(int count, Action<int> work)
    {
        var failures = new List<Exception>();
        var threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            int number = i;
            threads[i] = new Thread(() =>
            {
                try
                {
                    work(number);
                }
                catch (Exception failure)
                {
                    lock (failures) failures.Add(failure);
                }
            });
            threads[i].Start();
        }
        foreach (Thread thread in threads) thread.Join();
        if (failures.Count > 0) throw new AggregateException(failures);
    }
}
