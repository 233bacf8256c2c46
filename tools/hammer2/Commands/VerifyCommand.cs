// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Reads everything and lists damage.</summary>
internal static class VerifyCommand
{
    private static readonly OptionRow FaultsMax =
        new("--max-faults", "list at most this number of damaged blocks (default 10000)") { ValueName = "NUMBER" };

    private static readonly OptionRow PathsMax =
        new("--max-paths", "list at most this number of paths for one block (default 100)") { ValueName = "NUMBER" };

    private static readonly OptionRow Nodes =
        new("--nodes", "compare the nodes of a mount with each other, at one commit");

    public static readonly CommandRow Row = new("verify", "read everything and list damaged files by path", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Reads all blocks that are reachable from the header, verifies every check code, decodes all data,
            and validates every field. Damage is listed by the paths of the affected files, for each PFS, or by
            what was lost when it is not in a file. Nothing is written, and damage does not stop the command.

            Give every node of a cluster as a separate volume: each is verified by itself, so that damage is
            found even where a mount would read from another node.

            With --nodes and a directory in a mount for writing, the synced nodes of the mounted PFS are compared
            with each other at one commit, while it is used: every inode, every entry and every byte of file data,
            read from the devices. Differences are listed by path.
            """,
        Arguments = [MediaOptions.Volumes],
        Options = [FaultsMax, PathsMax, Nodes, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 verify /dev/sdb1", "verify a partition"),
            new("hammer2 verify n0.img n1.img n2.img", "verify all nodes of a cluster"),
            new("hammer2 verify --nodes /home", "compare the nodes of a mounted cluster"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        if (invocation.Has(Nodes)) return NodeComparisonText.Run(invocation, invocation.Texts(MediaOptions.Volumes));
        invocation.Interrupted = static () => "not everything was read, and nothing was changed";
        using var progress = new ProgressLine(invocation.Terminal);
        var options = new VerifyOptions
        {
            FaultsMax = Limit(invocation, FaultsMax, 10_000),
            PathsMax = Limit(invocation, PathsMax, 100),
            Progress = read => progress.Show("verify: " + ByteUnits.Format(read, ByteUnit.Iec) + " read"),
            Cancellation = CancellationToken.None,
        };
        using Report report = invocation.OpenReport();
        report.BeginList("filesystems");
        int code = MediaOptions.ForEach(invocation, (_, volumes) =>
        {
            VerifyReport result = Verify.Run(volumes, options);
            progress.Clear();
            Write(report, volumes, result);
            return result.IsClean ? ExitCode.Ok : ExitCode.Damage;
        });
        report.EndList();
        return code;
    }

    private static int Limit(Invocation invocation, OptionRow option, int usual)
    {
        ulong number = invocation.Number(option) ?? (ulong)usual;
        return number is > 0 and <= 1_000_000
            ? (int)number
            : throw new CommandException(ExitCode.Usage, $"{option.Name} {number}: must be 1 to 1000000");
    }

    private static void Write(Report report, VolumeSet volumes, VerifyReport result)
    {
        report.BeginEntry(volumes.Name + (result.IsClean ? ": sound" : ": DAMAGED"));
        report.Detail("name", Cell.Text(volumes.Name));
        report.Value("clean", "no damage", Cell.Flag(result.IsClean));
        report.Value("faultsTotal", "damaged blocks", Cell.Number(result.FaultsTotal));
        report.Value("pfses", "PFSs", Cell.Number(result.Pfses));
        report.Value("inodes", "inodes", Cell.Number(result.Inodes));
        report.Value("entries", "directory entries", Cell.Number(result.Entries));
        report.Value("indirects", "indirect blocks", Cell.Number(result.Indirects));
        report.Value("dataBlocks", "data blocks", Cell.Number(result.DataBlocks));
        report.Value("freemapBlocks", "freemap blocks", Cell.Number(result.FreemapBlocks));
        report.Value("unprotected", "without check code", Cell.Number(result.Unprotected));
        report.Value("bytesRead", "read", Cell.Bytes(result.BytesRead));
        WriteHeaders(report, result.Headers);
        report.BeginList("faults");
        foreach (VerifyFault fault in result.Faults) WriteFault(report, volumes, fault);
        report.EndList();
        report.EndEntry();
    }

    private static void WriteHeaders(Report report, IReadOnlyList<HeaderFinding> headers)
    {
        report.BeginTable("headers", new Column("device", "HEADER ON"), new Column("copy", "COPY"),
            new Column("damaged", "DAMAGED"), new Column("fault", "FAULT"));
        foreach (HeaderFinding header in headers)
        {
            if (header.Copy.Header is not null) continue;
            report.Row(Cell.Text(header.DeviceName), Cell.Number(header.Copy.CopyIndex),
                Cell.Flag(header.IsDamaged), Cell.Text(header.IsBlank ? "all zero: never written" : header.Copy.Fault));
        }
        report.EndTable();
    }

    private static void WriteFault(Report report, VolumeSet volumes, VerifyFault fault)
    {
        string location = volumes.DescribeLocation(fault.Address);
        report.BeginEntry(Line(fault, location));
        report.Detail("tree", Cell.Text(fault.Tree == MediaTree.Freemap ? "freemap" : "topology"));
        report.Detail("kind", Cell.Text(MediaText.Kind(fault.Kind)));
        report.Detail("pfs", Cell.Text(fault.Label));
        report.Detail("pfsKey", fault.PfsKey == 0 ? Cell.Absent : Cell.Hex(fault.PfsKey));
        report.Detail("inum", Cell.Number(fault.OwnerInum));
        report.Detail("key", Cell.Hex(fault.Key));
        report.Detail("keyEnd", Cell.Hex(fault.KeyEnd));
        report.Detail("address", Cell.Hex(fault.Address));
        report.Detail("size", Cell.Number(fault.SizeBytes));
        report.Detail("place", Cell.Text(location));
        report.Detail("error", Cell.Text(fault.Error.ToString()));
        report.Detail("reason", Cell.Text(fault.Reason));
        report.Detail("pathsTotal", Cell.Number(fault.PathsTotal));
        report.BeginList("paths");
        foreach (byte[] path in fault.Paths)
        {
            string text = NameText.Escape(path);
            report.BeginEntry("    " + text);
            report.Detail("path", Cell.Text(text));
            report.EndEntry();
        }
        report.EndList();
        report.EndEntry();
    }

    private static string Line(VerifyFault fault, string location)
    {
        string pfs = fault.PfsKey == 0 ? "" : (fault.Label ?? "PFS " + Hex(fault.PfsKey)) + ": ";
        string more = fault.PathsTotal > fault.Paths.Count
            ? $" ({fault.PathsTotal} paths, {fault.Paths.Count} shown)"
            : "";
        return $"{pfs}{What(fault)}: {fault.Reason}; {location}{more}";
    }

    private static string What(VerifyFault fault) => fault.Kind switch
    {
        BlockrefType.Empty => "references in the header",
        BlockrefType.Inode when fault.IsPfsRoot => "the root of the PFS is lost",
        BlockrefType.Inode when fault.PfsKey == 0 => "the super-root is lost, and all PFSs with it",
        BlockrefType.Inode => $"inode {Hex(fault.Key)} is lost",
        BlockrefType.Indirect when fault.PfsKey == 0 => "references to PFSs are lost",
        BlockrefType.Indirect when fault.IsInodeIndex => $"inodes {Hex(fault.Key)} to {Hex(fault.KeyEnd)} are lost",
        BlockrefType.Indirect when fault.OwnerType == ObjectType.Directory => "entries of a directory are lost",
        BlockrefType.Dirent => $"an entry of a directory has no name, key {Hex(fault.Key)}",
        BlockrefType.FreemapNode or BlockrefType.FreemapLeaf =>
            $"freemap for {Hex(fault.Key)} to {Hex(fault.KeyEnd)} is lost",
        _ => $"bytes {Hex(fault.Key)} to {Hex(fault.KeyEnd)} of a file are lost",
    };

    private static string Hex(ulong value) => "0x" + value.ToString("x", CultureInfo.InvariantCulture);
}
