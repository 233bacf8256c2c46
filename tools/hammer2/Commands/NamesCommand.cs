// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the other names of the program, for installation scripts.</summary>
internal static class NamesCommand
{
    public static readonly CommandRow Row = new("names", "print the other names of the program", Run)
    {
        Group = CommandGroup.Program,
        HasJson = false,
        IsHidden = true,
    };

    private static int Run(Invocation invocation)
    {
        foreach (CommandRow row in CommandTable.All)
            foreach (string name in row.ProgramNames) invocation.Terminal.Out.WriteLine(name);
        return ExitCode.Ok;
    }
}
