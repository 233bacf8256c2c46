// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Lists holds.</summary>
internal static class HoldListCommand
{
    private static readonly ArgumentRow Label = new("LABEL", "label of a PFS; all when left out")
    {
        IsOptional = true,
        Completes = Completion.Label,
    };

    public static readonly CommandRow Row = new("holds", "list what keeps PFSs and snapshots from being deleted", Run)
    {
        Group = CommandGroup.Media,
        Description = "Lists the holds of a PFS, or of all, with the time when each was placed.",
        Selects = SelectedPath.First,
        Arguments = [PfsTarget.Argument, Label],
        Options = MediaOptions.All,
        Examples = [new("hammer2 holds /home", "list all holds of the mounted filesystem")],
    };

    private static int Run(Invocation invocation)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        using Report report = invocation.OpenReport();
        report.BeginTable("holds",
            new Column("since", "SINCE"), new Column("name", "NAME"), new Column("label", "LABEL"));
        bool isComplete = target.ListHolds(invocation.OptionalText(Label), (label, name, since) => report.Row(
            Cell.Time((ulong)since.ToUnixTimeSeconds() * 1_000_000), Cell.Text(name),
            Cell.Text(NameText.Escape(ByteText.Encode(label)))));
        report.EndTable();
        if (isComplete) return ExitCode.Ok;
        invocation.Warn("some holds cannot be read: a block is damaged, or a newer version wrote them");
        return ExitCode.Damage;
    }
}
