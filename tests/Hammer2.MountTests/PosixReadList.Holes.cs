// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

internal static partial class PosixReadList
{
    private static IReadOnlyList<PosixBehaviour<PosixTree>> Holes =>
    [
        new("SEEK_DATA and SEEK_HOLE part a file into data and holes", Data_and_holes),
        new("holes read as zeros", Holes_are_zeros),
        new("a file that is all hole has no data", All_hole),
        new("a file without holes has its hole at the end", No_hole),
        new("SEEK_DATA and SEEK_HOLE from the end on answer ENXIO", Seeking_behind_the_end),
        new("reads work beyond 2 and 4 GiB", Large_offsets),
        new("mmap works beyond 4 GiB", Large_mappings),
    ];

    /// <summary>Walks a file as cp --sparse does; answers the pieces that are data.</summary>
    private static List<(long Start, long End)> DataOf(int file, long size)
    {
        List<(long Start, long End)> pieces = [];
        long offset = 0;
        while (offset < size)
        {
            long start = PosixCalls.Seek(file, offset, PosixCalls.SeekData);
            if (start == -NoDeviceOrAddress) break;
            Assert.True(start >= offset && start < size, $"SEEK_DATA from {offset} answered {start}");
            long end = PosixCalls.Seek(file, start, PosixCalls.SeekHole);
            Assert.True(end > start && end <= size, $"SEEK_HOLE from {start} answered {end}");
            pieces.Add((start, end));
            offset = end;
        }
        return pieces;
    }

    private static void Data_and_holes(PosixTree tree)
    {
        foreach (string name in (string[])["/sparse", "/tail", "/zeros"])
        {
            long size = (long)PosixTree.Status(tree.Sparse + name).Size;
            using PosixFile file = PosixTree.Open(tree.Sparse + name);
            foreach ((long start, long end) in DataOf(file.Id, size))
            {
                long middle = start + ((end - start) / 2);
                Assert.Equal(middle, PosixCalls.Seek(file.Id, middle, PosixCalls.SeekData));
                Assert.Equal(end, PosixCalls.Seek(file.Id, middle, PosixCalls.SeekHole));
            }
        }
    }

    private static void Holes_are_zeros(PosixTree tree)
    {
        string path = tree.Sparse + "/sparse";
        long size = (long)PosixTree.Status(path).Size;
        using PosixFile file = PosixTree.Open(path);
        List<(long Start, long End)> pieces = DataOf(file.Id, size);
        Assert.NotEmpty(pieces);
        byte[] buffer = new byte[8192];
        long holeStart = 0;
        foreach ((long start, long end) in (List<(long, long)>)[.. pieces, (size, size)])
        {
            foreach (long offset in (long[])[holeStart, holeStart + ((start - holeStart) / 2)])
            {
                int wanted = (int)Math.Min(buffer.Length, start - offset);
                if (wanted <= 0) continue;
                Array.Fill(buffer, (byte)1);
                Assert.Equal(wanted, PosixCalls.ReadAt(file.Id, buffer.AsSpan(0, wanted), offset));
                Assert.True(buffer.AsSpan(0, wanted).IndexOfAnyExcept((byte)0) < 0, $"not zero at {offset}");
            }
            holeStart = end;
        }
    }

    private static void All_hole(PosixTree tree)
    {
        using PosixFile file = PosixTree.Open(tree.Sparse + "/allhole");
        Assert.Equal(0, PosixCalls.Seek(file.Id, 0, PosixCalls.SeekHole));
        Refused(NoDeviceOrAddress, PosixCalls.Seek(file.Id, 0, PosixCalls.SeekData), "SEEK_DATA");
        Assert.Equal(0ul, PosixTree.Status(tree.Sparse + "/allhole").Blocks);
    }

    private static void No_hole(PosixTree tree)
    {
        long size = (long)PosixTree.Status(tree.File).Size;
        using PosixFile file = PosixTree.Open(tree.File);
        Assert.Equal(0, PosixCalls.Seek(file.Id, 0, PosixCalls.SeekData));
        Assert.Equal(5000, PosixCalls.Seek(file.Id, 5000, PosixCalls.SeekData));
        Assert.Equal(size, PosixCalls.Seek(file.Id, 0, PosixCalls.SeekHole));
        Assert.Equal(size, PosixCalls.Seek(file.Id, size - 1, PosixCalls.SeekHole));
    }

    private static void Seeking_behind_the_end(PosixTree tree)
    {
        long size = (long)PosixTree.Status(tree.File).Size;
        using PosixFile file = PosixTree.Open(tree.File);
        foreach (long offset in (long[])[size, size + 1, 1L << 40])
        {
            Refused(NoDeviceOrAddress, PosixCalls.Seek(file.Id, offset, PosixCalls.SeekData), "SEEK_DATA");
            Refused(NoDeviceOrAddress, PosixCalls.Seek(file.Id, offset, PosixCalls.SeekHole), "SEEK_HOLE");
        }
    }

    private static void Large_offsets(PosixTree tree)
    {
        byte[] buffer = new byte[100_000];
        long size = (long)PosixTree.Status(tree.Sparse + "/sparse").Size;
        using PosixFile file = PosixTree.Open(tree.Sparse + "/sparse");
        foreach (long offset in (long[])[(1L << 31) - 50_000, (1L << 32) - 50_000, size - buffer.Length])
        {
            Assert.Equal(buffer.Length, PosixCalls.ReadAt(file.Id, buffer, offset));
        }
        Assert.Equal(10, PosixCalls.ReadAt(file.Id, buffer, size - 10));
    }

    private static unsafe void Large_mappings(PosixTree tree)
    {
        const long Offset = 5L << 30;
        byte[] expected = new byte[PageBytes];
        using PosixFile file = PosixTree.Open(tree.Sparse + "/sparse");
        Assert.Equal(PageBytes, PosixCalls.ReadAt(file.Id, expected, Offset));
        byte* bytes = PosixCalls.Map(file.Id, PageBytes, ProtectRead, MapShared, Offset, out int error);
        Assert.True(bytes != null, $"mmap: errno {error}");
        Assert.True(expected.AsSpan().SequenceEqual(new ReadOnlySpan<byte>(bytes, PageBytes)));
        PosixCalls.Unmap(bytes, PageBytes);
    }
}
