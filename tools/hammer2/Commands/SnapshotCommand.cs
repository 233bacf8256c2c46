// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Makes a snapshot of a PFS, mounted or not.</summary>
internal static class SnapshotCommand
{
    private static readonly ArgumentRow Label = new("LABEL",
        "its label; that of the PFS with date and time, LABEL.YYYYMMDD.HHMMSS, when left out")
    {
        IsOptional = true,
    };

    public static readonly CommandRow Row = new("snapshot", "make a snapshot of a PFS", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            A snapshot is a PFS of its own, which shares all blocks with its source at the moment when it is made and
            is mounted by its label. It contains everything that was written before, and is durable when the command
            returns. On a mounted cluster it is made on every node at once. pfs-delete deletes it.
            """,
        Arguments = [PfsTarget.Argument, Label],
        Options = MediaOptions.All,
        Selects = SelectedPath.WhenAlone,
        Examples =
        [
            new("hammer2 snapshot /home before-upgrade", "freeze the PFS that is mounted there"),
            new("hammer2 snapshot disk.img@DATA", "the same for one that is not mounted, named by the time"),
        ],
    };

    public static readonly CommandRow DebugRow = new(
        "snapshot-debug", "make a snapshot of a PFS, upstream's name of one without a commit before it",
        invocation => Run(invocation, PfsIoctlRecord.NoSync))
    {
        Group = CommandGroup.Media,
        Description = """
            The same as 'hammer2 snapshot': here a snapshot is a part of a commit, and has all changes that were accepted.
            """,
        Arguments = Row.Arguments,
        Options = MediaOptions.All,
        Selects = SelectedPath.WhenAlone,
        Examples = [new("hammer2 snapshot-debug /home s1", "make a snapshot")],
    };

    private static int Run(Invocation invocation) => Run(invocation, flags: 0);

    private static int Run(Invocation invocation, uint flags)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        byte[] label = invocation.OptionalText(Label) is { } given
            ? ByteText.Encode(given)
            : PfsLabel.OfSnapshot(target.Label, TimeProvider.System.GetLocalNow());
        if (target.IsMount) target.Call(IoctlCommand.PfsSnapshot, new PfsIoctlRecord { Flags = flags }, label);
        else target.SnapshotOffline(label);
        using Report report = invocation.OpenReport();
        report.Value("snapshot", "snapshot", Cell.Text(NameText.Escape(label)));
        return ExitCode.Ok;
    }
}
