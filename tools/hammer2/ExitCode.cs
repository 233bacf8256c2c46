// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool;

/// <summary>
/// Exit codes. One set for all commands, except those for which mount(8) and fsck(8) prescribe their own.
/// </summary>
internal static class ExitCode
{
    /// <summary>Success.</summary>
    public const int Ok = 0;

    /// <summary>Success; damage or a difference was found and listed.</summary>
    public const int Damage = 1;

    /// <summary>The command line is malformed.</summary>
    public const int Usage = 2;

    /// <summary>A device or image cannot be opened, or has no HAMMER2 filesystem.</summary>
    public const int CannotOpen = 3;

    /// <summary>The volume has no such PFS, path or block.</summary>
    public const int NotFound = 4;

    /// <summary>The command failed before completion.</summary>
    public const int Failed = 5;

    /// <summary>A defect of the program.</summary>
    public const int Internal = 70;

    /// <summary>Stopped by the keyboard or a signal.</summary>
    public const int Interrupted = 130;

    /// <summary>The reader of the output has closed its end.</summary>
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

    /// <summary>fsck(8): the command line is malformed.</summary>
    public const int FsckUsage = 16;

    /// <summary>fsck(8): ended by the user.</summary>
    public const int FsckCancelled = 32;
}
