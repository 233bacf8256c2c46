// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Turns emergency mode on and off.</summary>
internal static class EmergencyCommand
{
    private static readonly ArgumentRow Target = new("MOUNT", "a directory in the mount")
    {
        Completes = Completion.Directory,
    };

    public static readonly CommandRow Enable = RowOf("emergency-mode-enable", "refuse changes that add to a filesystem", 1,
        """
        In emergency mode nothing can be created, written, linked or renamed on the filesystem, by any of its PFSs: that
        answers EROFS. Removing and truncating work, and may use the last free byte. It is not needed for a full
        filesystem, since space is always kept for removing; it keeps other programs from using what becomes free. It lasts
        until it is disabled or the filesystem is no longer mounted.
        """);

    public static readonly CommandRow Disable = RowOf(
        "emergency-mode-disable", "end emergency mode", 0, "Everything can be written again.");

    private static CommandRow RowOf(string name, string summary, int value, string description) =>
        new(name, summary, invocation => Run(invocation, value))
        {
            Group = CommandGroup.Mounting,
            Description = description,
            Arguments = [Target],
            HasJson = false,
            Selects = SelectedPath.WhenAlone,
            Examples = [new($"hammer2 {name} /mnt", summary)],
        };

    private static int Run(Invocation invocation, int value)
    {
        string target = invocation.Text(Target);
        int record = value;
        MountIoctl.Call(target, IoctlCommand.EmergencyMode, ref record);
        invocation.Terminal.Out.WriteLine(
            $"Emergency mode on \"{ByteText.ToPrintable(target)}\" {(value != 0 ? "enabled" : "disabled")}");
        return ExitCode.Ok;
    }
}
