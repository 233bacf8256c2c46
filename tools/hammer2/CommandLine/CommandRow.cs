// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>
/// One command: everything from which its parser, its help, its part of the man page and its shell
/// completions are made, and what it does.
/// </summary>
/// <param name="Name">The first word after <c>hammer2</c>.</param>
/// <param name="Summary">One line without a full stop.</param>
/// <param name="Run">What the command does; answers a code of <see cref="ExitCode"/>.</param>
internal sealed record CommandRow(string Name, string Summary, Func<Invocation, int> Run)
{
    /// <summary>Under which heading the command is listed.</summary>
    public required CommandGroup Group { get; init; }

    /// <summary>Whole sentences; paragraphs are separated by an empty line.</summary>
    public string Description { get; init; } = "";

    /// <summary>Other first words for the same command.</summary>
    public string[] Aliases { get; init; } = [];

    /// <summary>Names of the program under which this command runs without a first word.</summary>
    public string[] ProgramNames { get; init; } = [];

    /// <summary>What follows the command, in order.</summary>
    public ArgumentRow[] Arguments { get; init; } = [];

    /// <summary>The options of this command beside those that all commands have.</summary>
    public OptionRow[] Options { get; init; } = [];

    /// <summary>What people type.</summary>
    public ExampleRow[] Examples { get; init; } = [];

    /// <summary>Exit codes with the meaning they have here; the general ones when empty.</summary>
    public ExitCodeRow[] ExitCodes { get; init; } = [];

    /// <summary>What a wrong command line ends with: mount(8) has a number of its own.</summary>
    public int UsageExitCode { get; init; } = ExitCode.Usage;

    /// <summary>True when the command can answer in JSON.</summary>
    public bool HasJson { get; init; } = true;

    /// <summary>True when the command prints sizes, whose unit can be chosen.</summary>
    public bool HasUnits { get; init; }

    /// <summary>True for commands that do something of their own when a signal comes.</summary>
    public bool HandlesSignals { get; init; }

    /// <summary>True for commands that only scripts call.</summary>
    public bool IsHidden { get; init; }
}

/// <summary>Headings of the list of commands.</summary>
internal enum CommandGroup
{
    /// <summary>Making files of a volume appear in the system.</summary>
    Mounting,

    /// <summary>Reading files without mounting.</summary>
    Files,

    /// <summary>Looking at volumes and at the media.</summary>
    Media,

    /// <summary>The program itself.</summary>
    Program,
}

/// <summary>What a shell offers for a word.</summary>
internal enum Completion
{
    /// <summary>Nothing: only the user knows.</summary>
    Nothing,

    /// <summary>Names of files, devices among them.</summary>
    File,

    /// <summary>Names of directories.</summary>
    Directory,
}

/// <summary>A command line and what it is good for.</summary>
/// <param name="CommandLine">The line, without a prompt.</param>
/// <param name="Meaning">One line without a full stop.</param>
internal sealed record ExampleRow(string CommandLine, string Meaning);

/// <summary>An exit code and what it means.</summary>
/// <param name="Code">0 to 255.</param>
/// <param name="Meaning">One line without a full stop.</param>
internal sealed record ExitCodeRow(int Code, string Meaning);
