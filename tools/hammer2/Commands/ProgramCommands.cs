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

/// <summary>Prints the other names of the program, for those who install it.</summary>
internal static class NamesCommand
{
    public static readonly CommandRow Row = new("names", "print the other names that the program answers to", Run)
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
