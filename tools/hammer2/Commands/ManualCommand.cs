// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Manuals;

namespace Hammer2.Tool.Commands;

/// <summary>Prints manual pages, or writes all of them to files.</summary>
internal static class ManualCommand
{
    private static readonly ArgumentRow Page = new("PAGE", $"the page to print ({ManualPages.Default} when left out)")
    {
        IsOptional = true,
        Choices = ManualPages.Files,
    };

    private static readonly OptionRow Target =
        new("--directory", "write all pages below this directory, in man5 and man8, instead")
        {
            ValueName = "DIR",
            Completes = Completion.Directory,
        };

    public static readonly CommandRow Row = new("man", "print a manual page in roff", Run)
    {
        Group = CommandGroup.Program,
        HasJson = false,
        Arguments = [Page],
        Options = [Target],
        Examples =
        [
            new("hammer2 man | man -l -", "read hammer2(8)"),
            new("hammer2 man hammer2-control.5 | man -l -", "read about the control file of a mount"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string? page = invocation.OptionalText(Page);
        if (invocation.Text(Target) is not { } directory)
            ManualPages.Write(page ?? ManualPages.Default, invocation.Terminal.Out);
        else if (page is not null)
            throw new CommandException(ExitCode.Usage, $"{Target.Name} writes all pages, and {page} is named");
        else
            ManualPages.WriteAll(directory);
        return ExitCode.Ok;
    }
}
