// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the key under which a directory keeps a name.</summary>
internal static class HashCommand
{
    private static readonly ArgumentRow Names = new("NAME", "names of files or labels") { Repeats = true };

    public static readonly CommandRow Row = new("hash", "print the directory hash of names", Run)
    {
        Group = CommandGroup.Media,
        Description = "The entry of a name is found among the 32768 keys that start at its hash.",
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

/// <summary>Prints the check code of the block that holds a long name.</summary>
internal static class DataHashCommand
{
    private static readonly ArgumentRow Names = new("NAME", "names of files") { Repeats = true };

    public static readonly CommandRow Row = new("dhash", "print the check code of the block of long names", Run)
    {
        Group = CommandGroup.Media,
        Description = "A directory entry keeps a name of more than 64 bytes in a block of 1 KiB that is zero after "
            + "the name. This is the XXHASH64 code of such a block.",
        Arguments = [Names],
        Examples = [new("hammer2 dhash \"$(printf '%0100d' 7)\"", "print the code for a name of 100 digits")],
    };

    private static int Run(Invocation invocation)
    {
        using Report report = invocation.OpenReport();
        report.BeginTable("names", new Column("code", "CODE"), new Column("name", "NAME"));
        var reference = new Blockref { Methods = new BlockMethods(CheckMethod.XxHash64, CompressionMethod.None) };
        byte[] block = new byte[Media.AllocationBytesMin];
        foreach (string text in invocation.Texts(Names))
        {
            byte[] name = NameText.Unescape(text);
            if (name.Length > Media.NameBytesMax)
                throw new CommandException(ExitCode.Usage, $"{text}: a name has at most {Media.NameBytesMax} bytes");
            block.AsSpan().Clear();
            name.CopyTo(block.AsSpan());
            CheckCode.Store(ref reference, block);
            ulong code = BinaryPrimitives.ReadUInt64LittleEndian(reference.CheckRead);
            report.Row(Cell.Code(code), Cell.Text(NameText.Escape(name)));
        }
        report.EndTable();
        return ExitCode.Ok;
    }
}
