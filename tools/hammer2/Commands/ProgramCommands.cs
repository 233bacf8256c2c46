// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Commands;

/// <summary>Explains the program or a command, as <c>--help</c> does.</summary>
internal static class HelpCommand
{
    private static readonly ArgumentRow Name = new("COMMAND", "the command to explain") { IsOptional = true };

    public static readonly CommandRow Row = new("help", "list the commands, or explain one", Run)
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
