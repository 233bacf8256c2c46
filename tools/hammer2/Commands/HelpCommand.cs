// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the help of the program or of a command, as <c>--help</c> does.</summary>
internal static class HelpCommand
{
    private static readonly ArgumentRow Name = new("COMMAND", "the command") { IsOptional = true };

    public static readonly CommandRow Row = new("help", "list the commands, or print help for one", Run)
    {
        Group = CommandGroup.Program,
        HasJson = false,
        Arguments = [Name],
        Examples = [new("hammer2 help newfs", "the same as 'hammer2 newfs --help'")],
    };

    private static int Run(Invocation invocation)
    {
        if (invocation.OptionalText(Name) is not { } name)
        {
            HelpText.WriteOverview(invocation.Terminal.Out);
            return ExitCode.Ok;
        }
        CommandRow row = CommandTable.ByName(name) ?? CommandTable.ByProgramName(name)
            ?? throw new CommandException(ExitCode.Usage, $"{name}: no such command, see 'hammer2 help'");
        HelpText.Write(row, invocation.Terminal.Out);
        return ExitCode.Ok;
    }
}
