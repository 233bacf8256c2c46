// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;

namespace Hammer2.Tool.Commands;

/// <summary>Has a mount log an inode.</summary>
internal static class DumpChainCommand
{
    private static readonly ArgumentRow PathArgument = new("PATH", "a file or directory in a mount; . when left out")
    {
        IsOptional = true,
        Completes = Completion.File,
    };

    private static readonly ArgumentRow Flags = new("FLAGS", "a number that is logged with it") { IsOptional = true };

    public static readonly CommandRow Row = new("dumpchain", "have a mount log an inode", Run)
    {
        Group = CommandGroup.Mounting,
        Description = "The line is in the log of the mount, where upstream prints its chains in memory to the console.",
        Arguments = [PathArgument, Flags],
        HasJson = false,
        Examples = [new("hammer2 dumpchain /mnt/f", "log the inode of a file")],
    };

    private static int Run(Invocation invocation)
    {
        uint record = uint.MaxValue;
        if (invocation.OptionalText(Flags) is { } text)
        {
            bool isNumber = Invocation.TryParseNumber(text, out ulong number) && number <= uint.MaxValue;
            if (!isNumber) throw new CommandException(ExitCode.Usage, $"{text}: not a number of 32 bits");
            record = (uint)number;
        }
        MountIoctl.Call(invocation.OptionalText(PathArgument) ?? ".", IoctlCommand.DebugDump, ref record);
        return ExitCode.Ok;
    }
}
