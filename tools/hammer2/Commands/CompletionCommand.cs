// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Completions;

namespace Hammer2.Tool.Commands;

/// <summary>Prints a completion script.</summary>
internal static class CompletionCommand
{
    private static readonly ArgumentRow Shell = new("SHELL", "the shell to print for")
    {
        Choices = ShellCompletion.Shells,
    };

    public static readonly CommandRow Row = new("completion", "print a completion script for a shell", Run)
    {
        Group = CommandGroup.Program,
        HasJson = false,
        Arguments = [Shell],
        Examples = [new("source <(hammer2 completion bash)", "complete in this bash")],
    };

    private static int Run(Invocation invocation)
    {
        ShellCompletion.Write(invocation.Text(Shell), invocation.Terminal.Out);
        return ExitCode.Ok;
    }
}
