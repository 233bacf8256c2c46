// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Rolls a PFS back to one of its snapshots, or to an older volume header.</summary>
internal static class RollbackCommand
{
    private static readonly ArgumentRow Label = new("LABEL", "label of the PFS")
    {
        Completes = Completion.Label,
    };

    private static readonly ArgumentRow Snapshot = new("SNAPSHOT", "label of a snapshot of it; left out with --header")
    {
        IsOptional = true,
        Completes = Completion.Label,
    };

    private static readonly OptionRow Header = new(
        "--header", "back to what an older volume header has, given by the number of its copy, 0 to 3")
    {
        ValueName = "N",
    };

    private static readonly OptionRow Force = new(
        "--force", "also when files on the mounted PFS are open for writing: they fail with ESTALE");

    private static readonly OptionRow Node = new("--node", "another node of its cluster, when it is not mounted")
    {
        ValueName = "DEVICE[:DEVICE...]",
        Repeats = true,
        Completes = Completion.File,
    };

    public static readonly CommandRow Row = new("rollback", "give a PFS the content of an earlier state", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            The PFS gets the content of the snapshot, or with --header the one that it has below an older volume
            header (hammer2 volhdr shows their copies; a volume of more than 2 GiB has several). What it had until
            then is kept as a further snapshot, whose label is printed: rolling back to that one undoes it. Label and
            ids of the PFS stay as they are, and so do the snapshot and all other snapshots. Both happen in one commit
            on every node of a cluster, which is durable when the command returns; a power failure leaves the state
            before it or after it.

            WHERE is a mount of the PFS or of another one of its filesystem, or the devices when none is mounted; of a
            cluster name the other nodes with --node. A mounted PFS shows the other content from then on: files that
            were open and working directories in it, but for the root directory, fail with ESTALE, and no operation on
            them reaches an object of the other content. While files are open for writing the rollback is refused,
            unless --force is given; filesystems that are mounted below the PFS always prevent it. Once the kept
            snapshot is not needed any more, pfs-delete deletes it.

            What an older header leads to is whole as long as bulkfree has not freed it and nothing was written there.
            So every block of the PFS is compared with its check code first, which reads all of it; meanwhile other
            changes of the list of PFSs wait. If a block is not what it was, or has no check code, the rollback is
            refused and changes nothing. Of a cluster it is a header of the first node, and each other node must have
            one of the same commit.
            """,
        Selects = SelectedPath.First,
        Arguments = [PfsTarget.Argument, Label, Snapshot],
        Options = [Header, Force, Node, .. MediaOptions.All],
        Examples =
        [
            new("hammer2 rollback disk.img DATA before-upgrade", "take back all that was changed since"),
            new("hammer2 rollback --header 2 disk.img DATA", "to what copy 2 of the volume header has"),
            new("hammer2 rollback /home home home.20261128.030000", "the same while it is mounted on /home"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        string label = invocation.Text(Label), snapshot = invocation.Texts(Snapshot) is [string given] ? given : "";
        ulong? header = invocation.Number(Header);
        if (header > Media.HeaderCopies - 1)
            throw new CommandException(ExitCode.Usage, "the copies of the volume header have the numbers 0 to 3");
        if (snapshot.Length == 0 == header is null)
            throw new CommandException(ExitCode.Usage, "either SNAPSHOT or --header must be given");
        string kept;
        if (target.IsMount)
        {
            if (invocation.Texts(Node).Count > 0)
                throw new CommandException(ExitCode.Usage, "a mount has its nodes: --node is for devices");
            kept = target.Request("rollback", ("label", label), ("snapshot", snapshot),
                ("header", header?.ToString(CultureInfo.InvariantCulture) ?? ""),
                ("force", invocation.Has(Force) ? "yes" : "no")).GetProperty("kept").GetString()!;
        }
        else
        {
            kept = ByteText.Decode(target.RollbackOffline(
                ByteText.Encode(label), ByteText.Encode(snapshot), (int?)header, invocation.Texts(Node)));
        }
        using Report report = invocation.OpenReport();
        report.Value("kept", "the state before is kept as", Cell.Text(NameText.Escape(ByteText.Encode(kept))));
        return ExitCode.Ok;
    }
}
