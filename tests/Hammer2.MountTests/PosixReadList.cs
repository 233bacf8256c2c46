// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>One thing that a program may rely on when it reads files, and how that is tried.</summary>
internal sealed record PosixBehaviour(string Sentence, Action<PosixTree> Try);

/// <summary>
/// What Linux programs may expect of a read-only filesystem. The list is run on a HAMMER2 mount and, as its
/// control, on tmpfs with the same tree: an expectation that tmpfs does not meet was wrong.
/// </summary>
internal static partial class PosixReadList
{
    private const int NoEntry = 2;
    private const int NoDeviceOrAddress = 6;
    private const int BadDescriptor = 9;
    private const int Again = 11;
    private const int AccessDenied = 13;
    private const int Exists = 17;
    private const int NotDirectory = 20;
    private const int IsDirectory = 21;
    private const int Invalid = 22;
    private const int NotTerminal = 25;
    private const int ReadOnlyFileSystem = 30;
    private const int NameTooLong = 36;
    private const int TooManyLinks = 40;
    private const int NoData = 61;
    private const int NotSupported = 95;

    /// <summary>Everything, by concern.</summary>
    internal static IReadOnlyList<PosixBehaviour> All { get; } =
        [.. Attributes, .. Names, .. Directories, .. Data, .. Holes, .. Refusals, .. KernelServices];

    /// <summary>Finds a behaviour by its sentence.</summary>
    internal static PosixBehaviour Find(string sentence)
    {
        foreach (PosixBehaviour behaviour in All)
        {
            if (behaviour.Sentence == sentence) return behaviour;
        }
        throw new KeyNotFoundException(sentence);
    }

    /// <summary>Fails unless the call was refused with this error number.</summary>
    private static void Refused(int error, long result, string call)
        => Assert.True(result == -error, $"{call} answered {result}, expected {-error}");

    /// <summary>Fails unless the call was carried out.</summary>
    private static void Done(long result, string call)
        => Assert.True(result >= 0, $"{call} answered {result}");
}
