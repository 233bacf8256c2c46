// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Files;
using Hammer2.Tool.Output;
using Hammer2.Tool.Mounts;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the attributes of files as stat(1) does, without mounting.</summary>
internal static class StatCommand
{
    private static readonly ArgumentRow Volume = new(
        "VOLUME", "as 'hammer2 ls' has it; or a file or directory in a mount")
    {
        IsOptional = true,
        Completes = Completion.File,
    };

    private static readonly ArgumentRow Paths = new(
        "PATH", "files within the PFS, / is its root; or further files in mounts")
    {
        IsOptional = true,
        Repeats = true,
        Completes = Completion.File,
    };

    public static readonly CommandRow Row = new("stat", "print the attributes of files", Run)
    {
        Group = CommandGroup.Files,
        Description = """
            A symbolic link at the end of a path is not followed. Times are in UTC.

            With files in mounts, or without arguments, the methods and sums of the inodes are printed in the form of
            upstream's command. Arguments are taken for that when the first is a directory, or all are in mounts.
            """,
        Arguments = [Volume, Paths],
        Options = OpenedPfs.Options,
        HasUnits = true,
        Examples = [new("hammer2 stat disk.img@DATA /etc/passwd", "print the attributes of one file")],
    };

    private static int Run(Invocation invocation)
    {
        string[] words = [invocation.OptionalText(Volume) ?? ".", .. invocation.Texts(Paths)];
        if (LinuxPath.IsDirectory(words[0]) || Array.TrueForAll(words, MountHandle.IsInMount))
            return MountStat.Run(invocation, words);
        if (words.Length == 1)
            throw new CommandException(ExitCode.Usage, $"{words[0]}: is not in a mount; of a volume, paths are needed");
        using OpenedPfs pfs = OpenedPfs.Open(invocation);
        using Report report = invocation.OpenReport();
        int worst = ExitCode.Ok;
        report.BeginList("files");
        foreach (string path in invocation.Texts(Paths))
        {
            int code = PathWalk.Find(invocation, pfs.Vnodes, path, followsLast: false, out VnodeAttributes attributes);
            worst = Math.Max(worst, code);
            if (code != ExitCode.Ok) continue;
            report.BeginEntry(path);
            report.Detail("path", Cell.Text(path));
            Write(report, pfs.Vnodes, attributes);
            worst = Math.Max(worst, WriteExtended(report, pfs.Vnodes, attributes.Inum));
            report.EndEntry();
        }
        report.EndList();
        return worst;
    }

    private static void Write(Report report, VnodeOps vnodes, in VnodeAttributes attributes)
    {
        report.Value("inum", "inode", Cell.Number(attributes.Inum));
        report.Value("type", "type", Cell.Text(MediaText.Kind(attributes.Type)));
        report.Value("mode", "mode", Cell.Text(ModeText.Octal(attributes.Mode)));
        report.Value("uid", "owner", Cell.Number(attributes.UserId));
        report.Value("gid", "group", Cell.Number(attributes.GroupId));
        report.Value("links", "links", Cell.Number(attributes.LinkCount));
        report.Value("size", "size", Cell.Bytes(attributes.SizeBytes));
        report.Value("allocated", "allocated", Cell.Bytes(attributes.Blocks * 512));
        if (attributes.Type is ObjectType.CharacterDevice or ObjectType.BlockDevice)
            report.Value("device", "device", Cell.Text($"{attributes.DeviceMajor},{attributes.DeviceMinor}"));
        if (attributes.Type == ObjectType.SoftLink)
            report.Value("target", "target", Cell.Text(LinkText.Read(vnodes, attributes)));
        report.Value("mtime", "modified", Cell.Time(attributes.ModifyTime));
        report.Value("ctime", "changed", Cell.Time(attributes.ChangeTime));
        report.Value("btime", "created", Cell.Time(attributes.BirthTime));
        report.Value("flags", "flags", Cell.Hex((uint)attributes.Flags));
    }

    private static int WriteExtended(Report report, VnodeOps vnodes, ulong inum)
    {
        byte[] names = new byte[AttributeList.NamesBytesMax];
        Errno error = vnodes.ListExtendedAttributes(inum, showsTrusted: true, names, out int namesBytes);
        if (error != Errno.None)
            report.Value("attributesFault", "attributes", Cell.Text(PathWalk.Describe(error)));
        report.BeginList("attributes");
        foreach (Range part in names.AsSpan(0, Math.Min(namesBytes, names.Length)).Split((byte)0))
        {
            if (names[part].Length == 0) continue;
            if (vnodes.GetExtendedAttribute(inum, names[part], [], out int bytes) != Errno.None) continue;
            string name = NameText.Escape(names[part]);
            report.BeginEntry($"attribute            {name}, {bytes} B");
            report.Detail("name", Cell.Text(name));
            report.Detail("bytes", Cell.Number(bytes));
            report.EndEntry();
        }
        report.EndList();
        return error == Errno.None ? ExitCode.Ok : ExitCode.Damage;
    }
}
