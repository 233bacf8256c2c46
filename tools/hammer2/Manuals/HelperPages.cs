// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Commands;

namespace Hammer2.Tool.Manuals;

/// <summary>The manual pages of the names that mount(8), mkfs(8) and fsck(8) call, from the rows of their
/// commands.</summary>
internal static class HelperPages
{
    private static readonly string[] Related =
        ["hammer2(8)", "mount.hammer2(8)", "mkfs.hammer2(8)", "fsck.hammer2(8)", "fsck_hammer2(8)", "hammer2(5)"];

    /// <summary>The pages.</summary>
    public static readonly ManualPageRow[] Rows =
    [
        new("mount.hammer2", ManualPageRow.CommandSection, "mount a HAMMER2 filesystem",
            static to => Write(to, MountHelperCommand.Row, "mount.hammer2", WriteMountFiles, "mount(8)", "umount(8)",
                "fstab(5)", "systemd.mount(5)"))
        {
            OtherNames = Others(MountHelperCommand.Row, "mount.hammer2"),
        },
        new("mkfs.hammer2", ManualPageRow.CommandSection, "make a HAMMER2 filesystem",
            static to => Write(to, NewfsCommand.Row, "mkfs.hammer2", WriteNothing, "mkfs(8)", "blkdiscard(8)"))
        {
            OtherNames = Others(NewfsCommand.Row, "mkfs.hammer2"),
        },
        new("fsck.hammer2", ManualPageRow.CommandSection, "check and repair HAMMER2 filesystems",
            static to => Write(to, FsckCommand.Row, "fsck.hammer2", WriteFsckFiles, "fsck(8)", "fstab(5)")),
        new("fsck_hammer2", ManualPageRow.CommandSection, "verify the check codes of a HAMMER2 filesystem",
            static to => Write(to, UpstreamFsckCommand.Row, "fsck_hammer2", WriteNothing)),
    ];

    private static string[] Others(CommandRow row, string name) => [.. row.ProgramNames.Where(other => other != name)];

    private static void Write(
        RoffWriter to, CommandRow row, string name, Action<RoffWriter> writeFiles, params string[] alsoSee)
    {
        to.Heading("SYNOPSIS");
        to.Synopsis(name, row);
        to.Heading("DESCRIPTION");
        to.Text(HelpText.Sentence(row.Summary));
        to.Paragraphs(row.Description);
        to.Heading("OPTIONS");
        to.Options(row, CommonOptions.AllOf(row));
        if (row == MountHelperCommand.Row) MountOptionsPart.Write(to);
        to.Heading("EXIT STATUS");
        to.ExitCodes(HelpText.ExitCodes(row));
        writeFiles(to);
        to.Heading("EXAMPLES");
        foreach (ExampleRow example in row.Examples) to.Example(example.Meaning, example.CommandLine);
        to.SeeAlso([.. Related.Where(page => page != name + "(8)"), .. alsoSee]);
    }

    private static void WriteMountFiles(RoffWriter to)
    {
        to.Heading("FILES");
        to.Item("/etc/fstab", "the filesystems that are mounted when the machine starts");
        to.Item("/sbin/mount.hammer2", "the name by which mount(8) finds this program");
        to.Item("MOUNT/.hammer2", "virtual files of the mount; see hammer2-control(5)");
    }

    private static void WriteFsckFiles(RoffWriter to)
    {
        to.Heading("FILES");
        to.Item("/sbin/fsck.hammer2", "the name by which fsck(8) finds this program");
        to.Item("/lost+found", "in each PFS that had inodes without an entry: their new entries, by number");
    }

    private static void WriteNothing(RoffWriter to)
    {
    }
}
