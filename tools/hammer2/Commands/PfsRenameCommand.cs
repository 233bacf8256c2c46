// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Gives a PFS or snapshot of a filesystem another label.</summary>
internal static class PfsRenameCommand
{
    private static readonly ArgumentRow Label = new("LABEL", "its label")
    {
        Completes = Completion.Label,
    };

    private static readonly ArgumentRow NewLabel = new("NEW", "its new label");

    public static readonly CommandRow Row = new("pfs-rename", "give a PFS or a snapshot another label", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Renames a PFS that is not mounted. Its content, its ids and its holds stay as they are. It is durable when
            the command returns. On a mounted cluster it is renamed on every node.
            """,
        Selects = SelectedPath.First,
        Arguments = [PfsTarget.Argument, Label, NewLabel],
        Options = MediaOptions.All,
        Examples = [new("hammer2 pfs-rename /home before-upgrade release-1", "rename a snapshot of the filesystem")],
    };

    private static int Run(Invocation invocation)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        string label = invocation.Text(Label), other = invocation.Text(NewLabel);
        if (target.IsMount)
        {
            _ = target.Request("pfs-rename", ("label", label), ("to", other));
            return ExitCode.Ok;
        }
        byte[] from = ByteText.Encode(label), to = ByteText.Encode(other);
        target.RunOffline(from, pfses => pfses.Rename(from, to, out _), error => error switch
        {
            Hammer2Error.Exists or Hammer2Error.Invalid =>
                PfsChangeText.Refusal(error, other),
            _ => null,
        });
        return ExitCode.Ok;
    }
}
