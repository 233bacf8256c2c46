// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>One thing that a program may rely on when it changes files, tried in an empty directory.</summary>
internal sealed record PosixWriteBehaviour(string Sentence, Action<string> Try);

/// <summary>
/// What Linux programs may expect of a filesystem they write to. The list is run on a HAMMER2 mount and, as its
/// control, on tmpfs: an expectation that tmpfs does not meet was wrong.
/// </summary>
internal static partial class PosixWriteList
{
    private const int NotPermitted = 1;
    private const int NoEntry = 2;
    private const int NoDeviceOrAddress = 6;
    private const int BadDescriptor = 9;
    private const int AccessDenied = 13;
    private const int Exists = 17;
    private const int NotDirectory = 20;
    private const int IsDirectory = 21;
    private const int Invalid = 22;
    private const int TooBig = 27;
    private const int NameTooLong = 36;
    private const int NotEmpty = 39;
    private const int TooManyLinks = 40;
    private const int NotSupported = 95;

    private const uint Somebody = 1234;
    private const uint SomebodyElse = 4321;

    /// <summary>Everything, by concern.</summary>
    internal static IReadOnlyList<PosixWriteBehaviour> All { get; } =
        [.. Making, .. Removing, .. Renaming, .. Contents, .. Storage, .. Attributes, .. Permissions];

    /// <summary>Finds a behaviour by its sentence.</summary>
    internal static PosixWriteBehaviour Find(string sentence)
    {
        foreach (PosixWriteBehaviour behaviour in All)
        {
            if (behaviour.Sentence == sentence) return behaviour;
        }
        throw new KeyNotFoundException(sentence);
    }

    private static void Refused(int error, long result, string call)
        => Assert.True(result == -error, $"{call} answered {result}, expected {-error}");

    private static void Done(long result, string call)
        => Assert.True(result >= 0, $"{call} answered {result}");

    private static PosixFile Open(string path, int flags, int mode = 0x1A4)
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
