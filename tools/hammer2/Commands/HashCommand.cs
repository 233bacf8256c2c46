// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the directory hash of names.</summary>
internal static class HashCommand
{
    private static readonly ArgumentRow Names = new("NAME", "names of files or labels") { Repeats = true };

    public static readonly CommandRow Row = new("hash", "print the directory hash of names", Run)
    {
        Group = CommandGroup.Media,
        Description = "The entry of a name has one of the 32768 keys that start at its hash.",
        Arguments = [Names],
        Examples = [new("hammer2 hash DATA", "print the key of the root of the PFS named DATA")],
    };

    private static int Run(Invocation invocation)
    {
        using Report report = invocation.OpenReport();
        report.BeginTable("names", new Column("hash", "HASH"), new Column("name", "NAME"));
        foreach (string text in invocation.Texts(Names))
        {
            byte[] name = NameText.Unescape(text);
            if (name.Length is 0 or > Media.NameBytesMax)
                throw new CommandException(ExitCode.Usage, $"{text}: a name has 1 to {Media.NameBytesMax} bytes");
            report.Row(Cell.Code(DirectoryHash.Compute(name)), Cell.Text(NameText.Escape(name)));
        }
        report.EndTable();
        return ExitCode.Ok;
    }
}
