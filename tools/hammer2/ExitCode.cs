// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool;

/// <summary>
/// What the program tells its caller. One set for all commands, except where mount(8) and fsck(8) lay down
/// their own for the names they call.
/// </summary>
internal static class ExitCode
{
    /// <summary>Done, and nothing was wrong.</summary>
    public const int Ok = 0;

    /// <summary>Done, and damage or a difference was found and listed.</summary>
    public const int Damage = 1;

    /// <summary>The command line makes no sense.</summary>
    public const int Usage = 2;

    /// <summary>A device or image cannot be opened, or holds no HAMMER2 filesystem.</summary>
    public const int CannotOpen = 3;

    /// <summary>The volume has no such PFS, path or block.</summary>
    public const int NotFound = 4;

    /// <summary>The work was begun and could not be finished.</summary>
    public const int Failed = 5;

    /// <summary>The program itself is at fault.</summary>
    public const int Internal = 70;

    /// <summary>Stopped by the keyboard or a signal.</summary>
    public const int Interrupted = 130;

    /// <summary>Whoever read the output has gone.</summary>
    public const int BrokenPipe = 141;

    /// <summary>mount(8): wrong invocation or permission.</summary>
    public const int MountUsage = 1;

    /// <summary>mount(8): the mount failed.</summary>
    public const int MountFailed = 32;

    /// <summary>fsck(8): errors were corrected.</summary>
    public const int FsckCorrected = 1;

    /// <summary>fsck(8): errors were left uncorrected.</summary>
    public const int FsckUncorrected = 4;

    /// <summary>fsck(8): the check itself failed.</summary>
    public const int FsckOperational = 8;

    /// <summary>fsck(8): the command line makes no sense.</summary>
    public const int FsckUsage = 16;

    /// <summary>fsck(8): ended by the user.</summary>
    public const int FsckCancelled = 32;
}
