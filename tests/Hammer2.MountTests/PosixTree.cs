// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Text;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>
/// The trees of four golden images somewhere in the file system: mounted, or rebuilt on tmpfs. What a
/// behaviour is tried on has the same path in both.
/// </summary>
internal sealed class PosixTree(string root)
{
    /// <summary>The images, and the labels of their PFSs; each lies in a directory of its name.</summary>
    internal static IReadOnlyList<(string Image, string Label)> Images { get; } =
    [
        ("basic-types", "DATA"), ("names", "DATA"), ("dir-collide", "DATA"), ("sparse10g", "DATA"),
    ];

    /// <summary>All types of objects, modes and owners, hard links.</summary>
    internal string Types => root + "/basic-types";

    /// <summary>Names of 1 to 255 bytes of any value.</summary>
    internal string Names => root + "/names";

    /// <summary>A directory of a thousand names with equal hashes.</summary>
    internal string Wide => root + "/dir-collide/c";

    /// <summary>Files of several GiB that are mostly holes.</summary>
    internal string Sparse => root + "/sparse10g";

    /// <summary>A file of 160,718 bytes: some blocks and a piece.</summary>
    internal string File => Types + "/d3/f";

    /// <summary>Where every image's tree begins.</summary>
    internal string RootOf(string image) => root + "/" + image;

    /// <summary>Opens for reading and fails the test if that does not work.</summary>
    internal static PosixFile Open(string path, int flags = 0)
    {
        int file = PosixCalls.Open(path, flags);
        Assert.True(file >= 0, $"open {path}: errno {-file}");
        return new PosixFile(file);
    }

    /// <summary>Attributes of what a path names, links not followed.</summary>
    internal static PosixStatus Status(string path)
    {
        int result = PosixCalls.StatX(path, PosixCalls.SymlinkNoFollow, out PosixStatus status);
        Assert.True(result == 0, $"statx {path}: errno {-result}");
        return status;
    }

    /// <summary>The contents of a file by pread in large pieces.</summary>
    internal static byte[] Contents(string path)
    {
        using PosixFile file = Open(path);
        byte[] contents = new byte[Status(path).Size];
        int done = 0;
        while (done < contents.Length)
        {
            long got = PosixCalls.ReadAt(file.Id, contents.AsSpan(done), done);
            Assert.True(got > 0, $"pread {path} at {done}: {got}");
            done += (int)got;
        }
        return contents;
    }

    /// <summary>All entries from the file's position on, read with a buffer of the given size.</summary>
    internal static List<PosixEntry> Entries(int directory, int bufferBytes = 32768)
    {
        List<PosixEntry> entries = [];
        byte[] buffer = new byte[bufferBytes];
        while (true)
        {
            long got = PosixCalls.GetDirectoryEntries(directory, buffer);
            Assert.True(got >= 0, $"getdents64: errno {-got}");
            if (got == 0) return entries;
            Split(buffer.AsSpan(0, (int)got), entries);
        }
    }

    /// <inheritdoc cref="Entries(int, int)"/>
    internal static List<PosixEntry> Entries(string path, int bufferBytes = 32768)
    {
        using PosixFile directory = Open(path, PosixCalls.Directory);
        return Entries(directory.Id, bufferBytes);
    }

    /// <summary>Splits what one getdents64 gave.</summary>
    internal static void Split(ReadOnlySpan<byte> buffer, List<PosixEntry> entries)
    {
        while (buffer.Length > 0)
        {
            int length = BitConverter.ToUInt16(buffer[16..]);
            ReadOnlySpan<byte> name = buffer[19..length];
            char type = PosixStatus.TypeLetters[buffer[18] & 15];
            entries.Add(new PosixEntry(BitConverter.ToUInt64(buffer), BitConverter.ToInt64(buffer[8..]), type,
                Encoding.Latin1.GetString(name[..name.IndexOf((byte)0)])));
            buffer = buffer[length..];
        }
    }
}

/// <summary>An open file, closed on disposal.</summary>
internal readonly struct PosixFile(int id) : IDisposable
{
    /// <summary>The descriptor.</summary>
    internal int Id => id;

    public void Dispose()
    {
        int result = PosixCalls.Close(id);
        Assert.True(result == 0, $"close: errno {-result}");
    }
}
