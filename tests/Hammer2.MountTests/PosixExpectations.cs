// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Xunit;

namespace Hammer2.MountTests;

/// <summary>One thing that a program may rely on, and how that is tried.</summary>
/// <typeparam name="TPlace">Where it is tried.</typeparam>
internal sealed record PosixBehaviour<TPlace>(string Sentence, Action<TPlace> Try);

/// <summary>What the lists of behaviours share: error numbers of Linux and what is said of a call.</summary>
internal static class PosixExpectations
{
    internal const int NotPermitted = 1;
    internal const int NoEntry = 2;
    internal const int NoDeviceOrAddress = 6;
    internal const int BadDescriptor = 9;
    internal const int Again = 11;
    internal const int AccessDenied = 13;
    internal const int Exists = 17;
    internal const int NotDirectory = 20;
    internal const int IsDirectory = 21;
    internal const int Invalid = 22;
    internal const int NotTerminal = 25;
    internal const int TooBig = 27;
    internal const int ReadOnlyFileSystem = 30;
    internal const int NameTooLong = 36;
    internal const int NotEmpty = 39;
    internal const int TooManyLinks = 40;
    internal const int ListTooShort = 34;
    internal const int NoData = 61;
    internal const int NotSupported = 95;

    /// <summary>Finds a behaviour by its sentence.</summary>
    internal static PosixBehaviour<TPlace> Find<TPlace>(IReadOnlyList<PosixBehaviour<TPlace>> all, string sentence)
    {
        foreach (PosixBehaviour<TPlace> behaviour in all)
        {
            if (behaviour.Sentence == sentence) return behaviour;
        }
        throw new KeyNotFoundException(sentence);
    }

    /// <summary>Fails unless the call was refused with this error number.</summary>
    internal static void Refused(int error, long result, string call)
        => Assert.True(result == -error, $"{call} answered {result}, expected {-error}");

    /// <summary>Fails unless the call was carried out.</summary>
    internal static void Done(long result, string call)
        => Assert.True(result >= 0, $"{call} answered {result}");
}
