// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>Options and exit codes that many commands share.</summary>
internal static class CommonOptions
{
    public static readonly OptionRow Json = new("--json", "answer in JSON");

    public static readonly OptionRow Iec = new("--iec", "print sizes in powers of 1024 (the default)");

    public static readonly OptionRow Si = new("--si", "print sizes in powers of 1000");

    public static readonly OptionRow Raw = new("--raw", "print sizes in bytes");

    public static readonly OptionRow LogLevel = new("--log-level", "say more or less on standard error")
    {
        ValueName = "LEVEL",
        Choices = ["trace", "debug", "info", "warning", "error", "none"],
    };

    public static readonly OptionRow Help = new("--help", "explain the command") { Short = "-h" };

    /// <summary>Exit codes of every command that names none of its own.</summary>
    public static readonly ExitCodeRow[] ExitCodes =
    [
        new(ExitCode.Ok, "done, and nothing was wrong"),
        new(ExitCode.Damage, "done, and damage or a difference was found and listed"),
        new(ExitCode.Usage, "the command line makes no sense"),
        new(ExitCode.CannotOpen, "a device cannot be opened or holds no HAMMER2 filesystem"),
        new(ExitCode.NotFound, "no such PFS, path or block"),
        new(ExitCode.Failed, "begun and not finished: the reason is on standard error"),
        new(ExitCode.Internal, "a defect of this program"),
    ];

    /// <summary>The options of a row, its own first.</summary>
    public static OptionRow[] AllOf(CommandRow row) =>
    [
        .. row.Options,
        .. row.HasUnits ? [Iec, Si, Raw] : Array.Empty<OptionRow>(),
        .. row.HasJson ? [Json] : Array.Empty<OptionRow>(),
        LogLevel,
        Help,
    ];
}
