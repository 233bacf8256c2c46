// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Manuals;

/// <summary>The manual page hammer2(8), generated from the command table.</summary>
internal static class CommandsPage
{
    public static readonly ManualPageRow Row = new(
        "hammer2", ManualPageRow.CommandSection, "mount, examine, repair and administer HAMMER2 volumes", Write);

    private static void Write(RoffWriter to)
    {
        to.Heading("SYNOPSIS");
        foreach (CommandRow row in CommandTable.Visible) to.Synopsis(NameOf(row), row);
        to.Heading("DESCRIPTION");
        to.Text("A volume is named DEVICE[:DEVICE...][@LABEL], where the devices are the block devices or image files of "
            + "one filesystem, in any order, and the label is that of a PFS on it: DATA unless given.");
        to.Paragraph("Names of files are arbitrary bytes. In the output, bytes that are not part of a printable "
            + "UTF-8 character appear as \\xHH and a backslash as \\\\; paths on the command line are read the same way.");
        to.Paragraph("The first steps: mkfs.hammer2 makes a filesystem, mount or a line of fstab mounts it, and the "
            + "commands snapshot, status and scrub take a directory in the mount.");
        foreach (IGrouping<CommandGroup, CommandRow> group in CommandTable.Visible.GroupBy(row => row.Group))
        {
            to.Heading(HelpText.Heading(group.Key).ToUpperInvariant());
            foreach (CommandRow row in group) WriteCommand(to, row);
        }
        MountOptionsPart.Write(to);
        WriteCommonOptions(to);
        to.Heading("EXIT STATUS");
        to.ExitCodes(CommonOptions.ExitCodes);
        UnitsPart.Write(to);
        WriteLog(to);
        to.Heading("FILES");
        to.Item("MOUNT/.hammer2", "virtual files of a mount, for the user that mounted it, and root where it may enter "
            + "the mount: its own mounts, and those with allow_other; see hammer2-control(5)");
        to.Item("/etc/fuse.conf", "with user_allow_other, users other than root may allow others to use their mounts");
        to.Item("/run/hammer2", "sockets by which further mounts of a filesystem find the process that has it open");
        to.SeeAlso("mount.hammer2(8)", "mkfs.hammer2(8)", "fsck.hammer2(8)", "fsck_hammer2(8)", "hammer2(5)",
            "hammer2-control(5)", "mount(8)", "fusermount3(1)", "fstab(5)", "systemd.timer(5)");
    }

    // Programs that others call have no first word.
    private static string NameOf(CommandRow row) =>
        row.ProgramNames.Contains(row.Name) ? row.Name : "hammer2 " + row.Name;

    private static void WriteLog(RoffWriter to)
    {
        to.Heading("LOG");
        to.Text("Once a mount is live, its messages go to syslog(3) with the name hammer2 and the facility daemon: "
            + "'journalctl -t hammer2' prints them. Before, and with --foreground, they are on standard error. "
            + "'hammer2 events' prints the last 1024 of a mount.");
    }

    private static void WriteCommand(RoffWriter to, CommandRow row)
    {
        to.SubHeading(HelpText.Synopsis(row));
        to.Text(HelpText.Sentence(row.Summary));
        to.Paragraphs(row.Description);
        to.Options(row, row.Options);
        if (row.ExitCodes.Length > 0)
        {
            to.Paragraph("Exit codes:");
            to.ExitCodes(row.ExitCodes);
        }
        foreach (ExampleRow example in row.Examples) to.Example(example.Meaning, example.CommandLine);
    }

    private static void WriteCommonOptions(RoffWriter to)
    {
        to.Heading("COMMON OPTIONS");
        OptionRow[] common =
        [
            CommonOptions.Json, CommonOptions.Iec, CommonOptions.Si, CommonOptions.Raw,
            CommonOptions.LogLevel, CommonOptions.Help,
        ];
        foreach (OptionRow option in common) to.Item(HelpText.Usage(option), HelpText.Explain(option));
        to.Item("--version", "print the version of the program");
    }
}
