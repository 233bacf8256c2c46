// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool;

/// <summary>Ends a command with a one-line message and an exit code.</summary>
internal sealed class CommandException : Exception
{
    /// <summary>Takes a code of <see cref="ExitCode"/> and the line that is printed after <c>hammer2: </c>: the device
    /// or path, what failed, and why.</summary>
    public CommandException(int exitCode, string message)
        : base(message) => Code = exitCode;

    /// <summary>As above, with the cause for the debug log.</summary>
    public CommandException(int exitCode, string message, Exception cause)
        : base(message, cause) => Code = exitCode;

    /// <summary>The exit code of the program.</summary>
    public int Code { get; }
}
