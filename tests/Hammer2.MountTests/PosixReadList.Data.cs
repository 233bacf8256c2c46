// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Threading;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixReadList
{
    private const int ProtectRead = 1;
    private const int ProtectWrite = 2;
    private const int MapShared = 1;
    private const int MapPrivate = 2;
    private const int PageBytes = 4096;

    private static IReadOnlyList<PosixBehaviour<PosixTree>> Data =>
    [
        new("reads of any size and offset give the same bytes", Reads_agree),
        new("read moves the position and pread does not", Positions_of_read),
        new("a read across EOF is short and one past it empty", Reads_at_the_end),
        new("a negative offset answers EINVAL", Negative_offsets),
        new("lseek counts from start, position and end", Seeking),
        new("mmap shows the bytes that pread gives, zeros past EOF", Mapping),
        new("a shared writable mapping answers EACCES, a private one is one's own", Writable_mappings),
        new("O_DIRECT reads what other reads read", Direct_reads),
        new("O_NOATIME is allowed to the owner", No_access_time),
        new("sendfile copies the bytes", Send_file),
        new("splice moves the bytes into a pipe", Splicing),
        new("threads that read one file all see the same", Parallel_reads),
        new("a file stays readable through two descriptors after one is closed", Two_descriptors),
        new("an empty file reads as empty", Empty_file),
    ];

    private static void Reads_agree(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        using PosixFile file = PosixTree.Open(tree.File);
        byte[] buffer = new byte[70_000];
        var random = new Random(20260101);
        foreach (int size in (int[])[1, 511, 4096, 4097, 65_536, 70_000])
        {
            for (int i = 0; i < 50; i++)
            {
                int offset = random.Next(expected.Length);
                int wanted = Math.Min(size, expected.Length - offset);
                Assert.Equal(wanted, PosixCalls.ReadAt(file.Id, buffer.AsSpan(0, size), offset));
                Assert.True(expected.AsSpan(offset, wanted).SequenceEqual(buffer.AsSpan(0, wanted)),
                    $"{wanted} bytes at {offset}");
            }
        }
    }

    private static void Positions_of_read(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        using PosixFile file = PosixTree.Open(tree.File);
        byte[] buffer = new byte[1000];
        for (int offset = 0; offset < 10_000; offset += buffer.Length)
        {
            Assert.Equal(buffer.Length, PosixCalls.Read(file.Id, buffer));
            Assert.True(expected.AsSpan(offset, buffer.Length).SequenceEqual(buffer));
            Assert.Equal(10, PosixCalls.ReadAt(file.Id, buffer.AsSpan(0, 10), 77_777));
            Assert.Equal(offset + buffer.Length, PosixCalls.Seek(file.Id, 0, PosixCalls.SeekCurrent));
        }
    }

    private static void Reads_at_the_end(PosixTree tree)
    {
        long size = (long)PosixTree.Status(tree.File).Size;
        using PosixFile file = PosixTree.Open(tree.File);
        byte[] buffer = new byte[100];
        Assert.Equal(100, PosixCalls.ReadAt(file.Id, buffer, size - 100));
        Assert.Equal(40, PosixCalls.ReadAt(file.Id, buffer, size - 40));
        Assert.Equal(0, PosixCalls.ReadAt(file.Id, buffer, size));
        Assert.Equal(0, PosixCalls.ReadAt(file.Id, buffer, size + 1_000_000));
        Assert.Equal(0, PosixCalls.ReadAt(file.Id, buffer, 1L << 60));
        Assert.Equal(0, PosixCalls.ReadAt(file.Id, Span<byte>.Empty, 0));
    }

    private static void Negative_offsets(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.File);
        Refused(Invalid, PosixCalls.ReadAt(file.Id, new byte[10], -1), "pread");
        Refused(Invalid, PosixCalls.Seek(file.Id, -1, PosixCalls.SeekSet), "lseek");
        Refused(Invalid, PosixCalls.Seek(file.Id, 0, 99), "lseek with an unknown origin");
    }

    private static void Seeking(PosixTree tree)
    {
        long size = (long)PosixTree.Status(tree.File).Size;
        using PosixFile file = PosixTree.Open(tree.File);
        Assert.Equal(size, PosixCalls.Seek(file.Id, 0, PosixCalls.SeekEnd));
        Assert.Equal(size - 10, PosixCalls.Seek(file.Id, -10, PosixCalls.SeekCurrent));
        Assert.Equal(10, PosixCalls.Read(file.Id, new byte[100]));
        Assert.Equal(size + 500, PosixCalls.Seek(file.Id, 500, PosixCalls.SeekEnd));
        Assert.Equal(0, PosixCalls.Read(file.Id, new byte[100]));
    }

    private static unsafe void Mapping(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        using PosixFile file = PosixTree.Open(tree.File);
        int mapped = (expected.Length + PageBytes - 1) / PageBytes * PageBytes;
        byte* bytes = PosixCalls.Map(file.Id, (nuint)mapped, ProtectRead, MapShared, 0, out int error);
        Assert.True(bytes != null, $"mmap: errno {error}");
        Assert.True(expected.AsSpan().SequenceEqual(new ReadOnlySpan<byte>(bytes, expected.Length)));
        for (int i = expected.Length; i < mapped; i++) Assert.Equal(0, bytes[i]);
        PosixCalls.Unmap(bytes, (nuint)mapped);

        bytes = PosixCalls.Map(file.Id, PageBytes, ProtectRead, MapPrivate, 2 * PageBytes, out error);
        Assert.True(bytes != null, $"mmap: errno {error}");
        Assert.True(expected.AsSpan(2 * PageBytes, PageBytes)
            .SequenceEqual(new ReadOnlySpan<byte>(bytes, PageBytes)));
        PosixCalls.Unmap(bytes, PageBytes);
    }

    private static unsafe void Writable_mappings(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        using PosixFile file = PosixTree.Open(tree.File);
        const int ReadAndWrite = ProtectRead | ProtectWrite;
        byte* bytes = PosixCalls.Map(file.Id, PageBytes, ReadAndWrite, MapShared, 0, out int error);
        Assert.True(bytes == null);
        Assert.Equal(AccessDenied, error);
        bytes = PosixCalls.Map(file.Id, PageBytes, ReadAndWrite, MapPrivate, 0, out error);
        Assert.True(bytes != null, $"mmap: errno {error}");
        bytes[0] ^= 0xFF;
        Assert.Equal((byte)(expected[0] ^ 0xFF), bytes[0]);
        PosixCalls.Unmap(bytes, PageBytes);
        Assert.True(PosixTree.Contents(tree.File).AsSpan().SequenceEqual(expected));
    }

    private static unsafe void Direct_reads(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        using PosixFile file = PosixTree.Open(tree.File, PosixCalls.Direct);
        byte[] memory = GC.AllocateUninitializedArray<byte>(PageBytes * 33, pinned: true);
        fixed (byte* start = memory)
        {
            int skip = (int)((PageBytes - ((nuint)start % PageBytes)) % PageBytes);
            Span<byte> aligned = memory.AsSpan(skip, PageBytes * 32);
            foreach (int offset in (int[])[0, PageBytes, 65_536, 131_072])
            {
                long got = PosixCalls.ReadAt(file.Id, aligned, offset);
                int wanted = Math.Min(aligned.Length, expected.Length - offset);
                Assert.Equal(wanted, got);
                Assert.True(expected.AsSpan(offset, wanted).SequenceEqual(aligned[..wanted]));
            }
        }
    }

    private static void No_access_time(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.File, PosixCalls.NoAccessTime);
        long before = PosixTree.Status(tree.File).AccessSeconds;
        Assert.Equal(10, PosixCalls.Read(file.Id, new byte[10]));
        Assert.Equal(before, PosixTree.Status(tree.File).AccessSeconds);
    }

    private static void Send_file(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        using PosixFile file = PosixTree.Open(tree.File);
        (int reader, int writer) = PosixCalls.Pipe();
        using var from = new PosixFile(reader);
        using var to = new PosixFile(writer);
        byte[] received = new byte[PageBytes];
        long offset = 1000;
        while (offset < 41_000)
        {
            long start = offset;
            long sent = PosixCalls.SendFile(writer, file.Id, ref offset, PageBytes);
            Done(sent, "sendfile");
            Assert.Equal(start + sent, offset);
            Assert.Equal(sent, PosixCalls.Read(reader, received));
            Assert.True(expected.AsSpan((int)start, (int)sent).SequenceEqual(received.AsSpan(0, (int)sent)));
        }
    }

    private static void Splicing(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        using PosixFile file = PosixTree.Open(tree.File);
        (int reader, int writer) = PosixCalls.Pipe();
        using var from = new PosixFile(reader);
        using var to = new PosixFile(writer);
        byte[] received = new byte[32_768];
        long offset = 0;
        while (offset < expected.Length)
        {
            int start = (int)offset;
            long moved = PosixCalls.Splice(file.Id, ref offset, writer, (nuint)received.Length);
            Assert.True(moved > 0, $"splice answered {moved}");
            for (int done = 0; done < moved;)
            {
                long got = PosixCalls.Read(reader, received);
                Assert.True(got > 0, $"read from the pipe answered {got}");
                Assert.True(expected.AsSpan(start + done, (int)got)
                    .SequenceEqual(received.AsSpan(0, (int)got)));
                done += (int)got;
            }
        }
        Assert.Equal(0, PosixCalls.Splice(file.Id, ref offset, writer, 4096));
    }

    private static void Parallel_reads(PosixTree tree)
    {
        byte[] expected = PosixTree.Contents(tree.File);
        int wrong = 0;
        var threads = new Thread[8];
        for (int i = 0; i < threads.Length; i++)
        {
            int seed = i;
            threads[i] = new Thread(() =>
            {
                var random = new Random(seed);
                byte[] buffer = new byte[5000];
                int file = PosixCalls.Open(tree.File, 0);
                for (int reads = 0; reads < 200; reads++)
                {
                    int offset = random.Next(expected.Length);
                    int got = (int)PosixCalls.ReadAt(file, buffer, offset);
                    int wanted = Math.Min(buffer.Length, expected.Length - offset);
                    bool same = got == wanted
                        && expected.AsSpan(offset, wanted).SequenceEqual(buffer.AsSpan(0, wanted));
                    if (!same) Interlocked.Increment(ref wrong);
                }
                if (PosixCalls.Close(file) != 0) Interlocked.Increment(ref wrong);
            });
            threads[i].Start();
        }
        foreach (Thread thread in threads) thread.Join();
        Assert.Equal(0, wrong);
    }

    private static void Two_descriptors(PosixTree tree)
    {
        using PosixFile kept = PosixTree.Open(tree.File);
        PosixTree.Open(tree.File).Dispose();
        Assert.Equal(100, PosixCalls.Read(kept.Id, new byte[100]));
    }

    private static void Empty_file(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.Types + "/emptyfile");
        Assert.Equal(0, PosixCalls.Read(file.Id, new byte[10]));
        Assert.Equal(0, PosixCalls.Seek(file.Id, 0, PosixCalls.SeekEnd));
    }
}
