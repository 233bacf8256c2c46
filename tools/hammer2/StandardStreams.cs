// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Runtime.InteropServices;

namespace Hammer2.Tool;

/// <summary>
/// Standard streams that the caller has closed (<c>&gt;&amp;-</c>). A file that is opened later must not get their
/// numbers: what is printed would be written into it, and that may be a volume.
/// </summary>
/// <remarks>The native program does the same before its runtime starts (Native/streams.c). In the managed one the
/// runtime itself may have opened a file under such a number, which its close-on-exec flag tells.</remarks>
internal static partial class StandardStreams
{
    private const int OutputNumber = 1;
    private const int ErrorNumber = 2;
    private const int ReadOnly = 0;
    private const int WriteOnly = 1;
    private const int GetFlags = 1;         // F_GETFD
    private const int CloseOnExec = 1;      // FD_CLOEXEC

    /// <summary>Opens /dev/null in the place of closed streams. To be called before anything else is opened.</summary>
    public static void Fill()
    {
        for (int number = 0; number <= ErrorNumber; number++)
        {
            // The lowest free number is this one. Output is not opened for writing: that it goes nowhere is an error.
            if (fcntl(number, GetFlags) < 0) _ = open("/dev/null", number == ErrorNumber ? WriteOnly : ReadOnly);
        }
    }

    /// <summary>Standard output; a stream that refuses all writing when its number belongs to another file.</summary>
    public static Stream Output() =>
        IsOurs(OutputNumber) ? Console.OpenStandardOutput() : new MemoryStream([], writable: false);

    /// <summary>The error stream; one that takes everything when its number belongs to another file.</summary>
    public static Stream Error() => IsOurs(ErrorNumber) ? Console.OpenStandardError() : Stream.Null;

    private static bool IsOurs(int number) => (fcntl(number, GetFlags) & CloseOnExec) == 0;

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
