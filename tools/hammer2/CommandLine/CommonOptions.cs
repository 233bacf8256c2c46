// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>Options and exit codes that many commands share.</summary>
internal static class CommonOptions
{
    public static readonly OptionRow Json = new("--json",
        "print JSON: an object with formatVersion, which changes when a key goes or changes its meaning, and errors");

    public static readonly OptionRow Iec = new("--iec", "print sizes in powers of 1024 (the default)");

    public static readonly OptionRow Si = new("--si", "print sizes in powers of 1000");

    public static readonly OptionRow Raw = new("--raw", "print sizes in bytes");

    public static readonly OptionRow LogLevel = new("--log-level", "minimum level of log messages on standard error")
    {
        ValueName = "LEVEL",
        Choices = ["trace", "debug", "info", "warning", "error", "none"],
    };

    public static readonly OptionRow Help = new("--help", "print help for the command") { Short = "-h" };

    /// <summary>Exit codes of every command that does not define its own.</summary>
    public static readonly ExitCodeRow[] ExitCodes =
    [
        new(ExitCode.Ok, "success"),
        new(ExitCode.Damage, "success; damage or a difference was found and listed"),
        new(ExitCode.Usage, "malformed command line"),
        new(ExitCode.CannotOpen, "a device cannot be opened or has no HAMMER2 filesystem"),
        new(ExitCode.NotFound, "no such PFS, path or block"),
        new(ExitCode.Failed, "failed before completion; the reason is on standard error"),
        new(ExitCode.Internal, "a defect of this program"),
    ];

    /// <summary>All options of a command: its own, then the common ones.</summary>
    public static OptionRow[] AllOf(CommandRow row) =>
    [
        .. row.Options,
        .. row.HasUnits ? [Iec, Si, Raw] : Array.Empty<OptionRow>(),
        .. row.HasJson ? [Json] : Array.Empty<OptionRow>(),
        LogLevel,
        Help,
    ];
}
