// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the version, as <c>--version</c> does.</summary>
internal static class VersionCommand
{
    public static readonly CommandRow Row = new("version", "print the version", Run)
    {
        Group = CommandGroup.Program,
        HasJson = false,
        Examples = [new("hammer2 version", "print it")],
    };

    private static int Run(Invocation invocation)
    {
        invocation.Terminal.Out.WriteLine(Dispatcher.Version);
        return ExitCode.Ok;
    }
}
