// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Hammer2.Testing;
using Xunit;
using static Hammer2.MountTests.PosixExpectations;

namespace Hammer2.MountTests;

/// <summary>
/// What Linux programs may expect of a filesystem they write to. The list is run on a HAMMER2 mount and, as its
/// control, on tmpfs: an expectation that tmpfs does not meet was wrong.
/// </summary>
internal static partial class PosixWriteList
{
    private const uint FirstUser = 1234;
    private const uint SecondUser = 4321;

    /// <summary>Everything, by concern.</summary>
    internal static IReadOnlyList<PosixBehaviour<string>> All { get; } =
        [.. Making, .. Removing, .. Renaming, .. Listings, .. Contents, .. Storage, .. Attributes, .. Permissions,
            .. ExtendedAttributes];

    /// <summary>Finds a behaviour by its sentence.</summary>
    internal static PosixBehaviour<string> Find(string sentence) => PosixExpectations.Find(All, sentence);

    private static PosixFile Open(string path, int flags, int mode = UnixMode.O644)
    {
        int file = PosixCalls.Open(path, flags, mode);
        Assert.True(file >= 0, $"open {path}: errno {-file}");
        return new PosixFile(file);
    }

    /// <summary>Makes a file with these bytes.</summary>
    private static string Make(string path, params byte[] content)
    {
        using PosixFile file = Open(path, PosixCalls.Create | PosixCalls.Truncate | PosixCalls.WriteOnly);
        Assert.Equal(content.Length, PosixCalls.Write(file.Id, content));
        return path;
    }

    private static string MakeDirectory(string path)
    {
        Done(PosixCalls.MakeDirectory(path), "mkdir");
        return path;
    }

    private static byte[] Pattern(int length, int seed = 1)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static void Holds(string path, ReadOnlySpan<byte> expected)
    {
        byte[] found = PosixTree.Contents(path);
        Assert.Equal(expected.Length, found.Length);
        int same = expected.CommonPrefixLength(found);
        Assert.True(same == found.Length, $"{path} differs at {same} of {found.Length}");
    }

    private static bool IsMissing(string path)
        => PosixCalls.StatX(path, PosixCalls.SymlinkNoFollow, out _) == -NoEntry;
}
