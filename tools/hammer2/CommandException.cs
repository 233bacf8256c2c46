// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool;

/// <summary>Ends a command with a one-line message and an exit code.</summary>
internal sealed class CommandException : Exception
{
    /// <summary>Names the code of <see cref="ExitCode"/> and the line that the user sees after
    /// <c>hammer2: </c>: the device or path first, then what, then why.</summary>
    public CommandException(int exitCode, string message)
        : base(message) => Code = exitCode;

    /// <summary>As above, and keeps what caused it for the debug log.</summary>
    public CommandException(int exitCode, string message, Exception cause)
        : base(message, cause) => Code = exitCode;

    /// <summary>What the program ends with.</summary>
    public int Code { get; }
}
