// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Files;
using Hammer2.Tool.Output;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Commands;

/// <summary>Lists directories without mounting.</summary>
internal static class ListCommand
{
    private static readonly ArgumentRow Paths =
        new("PATH", "files and directories within the PFS; its root when none is given")
        {
            Repeats = true,
            IsOptional = true,
        };

    private static readonly OptionRow Long =
        new("--long", "print type, permissions, links, owner, group, size and time") { Short = "-l" };

    private static readonly OptionRow Inodes = new("--inode", "print inode numbers") { Short = "-i" };

    private static readonly OptionRow Itself =
        new("--directory", "list directories themselves, not their entries") { Short = "-d" };

    public static readonly CommandRow Row = new("ls", "list directories", Run)
    {
        Group = CommandGroup.Files,
        Description = """
            Entries are sorted by the bytes of their names. Bytes that are not printable appear as \xHH. An
            entry whose inode cannot be read is listed with question marks, and the exit code reports damage.
            """,
        Arguments = [OpenedPfs.Volume, Paths],
        Options = [Long, Inodes, Itself, .. OpenedPfs.Options],
        HasUnits = true,
        Examples =
        [
            new("hammer2 ls disk.img", "list the root of the PFS named DATA"),
            new("hammer2 ls -l n0.img@CL --node n1.img --node n2.img /music", "list a directory of a cluster"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        using OpenedPfs pfs = OpenedPfs.Open(invocation);
        using Report report = invocation.OpenReport();
        IReadOnlyList<string> paths = invocation.Texts(Paths);
        if (paths.Count == 0) paths = ["/"];
        int worst = ExitCode.Ok;
        report.BeginList("listings");
        foreach (string path in paths)
        {
            int code = PathWalk.Find(invocation, pfs.Vnodes, path, followsLast: false, out VnodeAttributes attributes);
            worst = Math.Max(worst, code);
            if (code != ExitCode.Ok) continue;
            bool isListed = attributes.IsDirectory && !invocation.Has(Itself);
            if (paths.Count > 1 && isListed) report.BeginEntry(path + ":");
            else report.BeginUntitledEntry();
            report.Detail("path", Cell.Text(path));
            worst = Math.Max(worst, List(invocation, report, pfs.Vnodes, path, attributes, isListed));
            report.EndEntry();
        }
        report.EndList();
        return worst;
    }

    private static int List(
        Invocation invocation, Report report, VnodeOps vnodes, string path, in VnodeAttributes attributes,
            bool isListed)
    {
        Errno error = Errno.None;
        List<DirectoryItem> items = [];
        if (isListed) error = DirectoryReader.ReadSorted(vnodes, attributes.Inum, out items);
        else items.Add(new DirectoryItem(NameText.Unescape(path), attributes.Inum, attributes.Type));

        bool hasDamage = error != Errno.None;
        bool isLong = invocation.Has(Long) || invocation.Has(CommonOptions.Json);
        if (isLong) hasDamage |= ListLong(invocation, report, vnodes, items);
        else ListShort(invocation, report, items);
        if (error != Errno.None) invocation.Warn($"{path}: part of the directory is {PathWalk.Describe(error)}");
        return hasDamage ? ExitCode.Damage : ExitCode.Ok;
    }

    private static void ListShort(Invocation invocation, Report report, List<DirectoryItem> items)
    {
        report.BeginList("entries");
        foreach (DirectoryItem item in items)
        {
            string name = NameText.Escape(item.Name);
            report.BeginEntry(invocation.Has(Inodes) ? $"{item.Inum,10} {name}" : name);
            report.EndEntry();
        }
        report.EndList();
    }

    private static bool ListLong(Invocation invocation, Report report, VnodeOps vnodes, List<DirectoryItem> items)
    {
        bool hasDamage = false;
        string shown = invocation.Has(Inodes) ? "INODE" : "";
        report.BeginTable("entries", new Column("inum", shown), new Column("mode", "MODE"),
            new Column("permissions", ""),
            new Column("type", ""), new Column("links", "LINKS"), new Column("uid", "OWNER"),
                new Column("gid", "GROUP"),
            new Column("size", "SIZE"), new Column("mtime", "MODIFIED"), new Column("name", "NAME"),
            new Column("target", ""), new Column("damaged", ""));
        foreach (DirectoryItem item in items)
        {
            Errno error = vnodes.GetEntryAttributes(item.Inum, out VnodeAttributes attributes);
            if (error == Errno.None)
            {
                WriteRow(report, vnodes, item, attributes);
                continue;
            }
            hasDamage = true;
            string unknown = ModeText.TypeLetter(item.Type) + "?????????";
            report.Row(Cell.Number(item.Inum), Cell.Text(unknown), Cell.Absent, Cell.Text(MediaText.Kind(item.Type)),
                Cell.Absent, Cell.Absent, Cell.Absent, Cell.Absent, Cell.Absent, Cell.Text(NameText.Escape(item.Name)),
                Cell.Absent, Cell.Flag(true));
        }
        report.EndTable();
        return hasDamage;
    }

    private static void WriteRow(Report report, VnodeOps vnodes, in DirectoryItem item, in VnodeAttributes attributes)
    {
        string name = NameText.Escape(item.Name);
        string? target = attributes.Type == ObjectType.SoftLink ? LinkText.Read(vnodes, attributes) ?? "?" : null;
        bool isDevice = attributes.Type is ObjectType.CharacterDevice or ObjectType.BlockDevice;
        report.Row(
            Cell.Number(item.Inum), Cell.Text(ModeText.Symbolic(attributes)),
                Cell.Text(ModeText.Octal(attributes.Mode)),
            Cell.Text(MediaText.Kind(attributes.Type)), Cell.Number(attributes.LinkCount),
                Cell.Number(attributes.UserId),
            Cell.Number(attributes.GroupId),
            isDevice ? Cell.Text($"{attributes.DeviceMajor},{attributes.DeviceMinor}")
                : Cell.Bytes(attributes.SizeBytes),
            Cell.Time(attributes.ModifyTime), report.Name(name, target), Cell.Text(target), Cell.Flag(false));
    }
}
