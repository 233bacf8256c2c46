// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the check code of the block that holds a long name.</summary>
internal static class DataHashCommand
{
    private static readonly ArgumentRow Names = new("NAME", "names of files") { Repeats = true };

    public static readonly CommandRow Row = new("dhash", "print the check code of the block of long names", Run)
    {
        Group = CommandGroup.Media,
        Description = "A directory entry stores a name of more than 64 bytes in a block of 1 KiB, padded with zeros after "
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
