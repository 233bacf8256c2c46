// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the manual page.</summary>
internal static class ManualCommand
{
    public static readonly CommandRow Row = new("man", "print the manual page in roff", Run)
    {
        Group = CommandGroup.Program,
        HasJson = false,
        Examples = [new("hammer2 man | man -l -", "read it")],
    };

    private static int Run(Invocation invocation)
    {
        ManualPage.Write(invocation.Terminal.Out);
        return ExitCode.Ok;
    }
}
