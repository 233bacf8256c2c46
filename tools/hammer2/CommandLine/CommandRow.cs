// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.CommandLine;

/// <summary>
/// One command: its function, and the data from which its parser, help, manual section and shell completions are
/// generated.
/// </summary>
/// <param name="Name">The first word after <c>hammer2</c>.</param>
/// <param name="Summary">One line without a full stop.</param>
/// <param name="Run">The function of the command; returns a code of <see cref="ExitCode"/>.</param>
internal sealed record CommandRow(string Name, string Summary, Func<Invocation, int> Run)
{
    /// <summary>The heading under which the command is listed.</summary>
    public required CommandGroup Group { get; init; }

    /// <summary>Complete sentences; paragraphs are separated by an empty line.</summary>
    public string Description { get; init; } = "";

    /// <summary>Other first words for the same command.</summary>
    public string[] Aliases { get; init; } = [];

    /// <summary>Names of the program under which this command runs without a first word.</summary>
    public string[] ProgramNames { get; init; } = [];

    /// <summary>The positional arguments, in order.</summary>
    public ArgumentRow[] Arguments { get; init; } = [];

    /// <summary>The options of this command, without the common ones.</summary>
    public OptionRow[] Options { get; init; } = [];

    /// <summary>Examples for the help.</summary>
    public ExampleRow[] Examples { get; init; } = [];

    /// <summary>Exit codes of this command; the common ones when empty.</summary>
    public ExitCodeRow[] ExitCodes { get; init; } = [];

    /// <summary>The exit code for a malformed command line; mount(8) prescribes another one.</summary>
    public int UsageExitCode { get; init; } = ExitCode.Usage;

    /// <summary>True when the command supports JSON output.</summary>
    public bool HasJson { get; init; } = true;

    /// <summary>What a path given by <c>-s</c> before the command stands for.</summary>
    public SelectedPath Selects { get; init; } = SelectedPath.None;

    /// <summary>True when the command prints sizes, whose unit can be chosen.</summary>
    public bool HasUnits { get; init; }

    /// <summary>True for commands that handle signals themselves.</summary>
    public bool HandlesSignals { get; init; }

    /// <summary>True for commands that only scripts call.</summary>
    public bool IsHidden { get; init; }
}

/// <summary>Groups of commands in the help.</summary>
internal enum CommandGroup
{
    /// <summary>Mounting.</summary>
    Mounting,

    /// <summary>Reading files without mounting.</summary>
    Files,

    /// <summary>Examining volumes and media.</summary>
    Media,

    /// <summary>The program itself.</summary>
    Program,
}

/// <summary>An example of a command line.</summary>
/// <param name="CommandLine">The line, without a prompt.</param>
/// <param name="Meaning">One line without a full stop.</param>
internal sealed record ExampleRow(string CommandLine, string Meaning);

/// <summary>An exit code and its meaning.</summary>
/// <param name="Code">0 to 255.</param>
/// <param name="Meaning">One line without a full stop.</param>
internal sealed record ExitCodeRow(int Code, string Meaning);
