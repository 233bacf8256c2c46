// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Prints the ids of a PFS.</summary>
internal static class PfsIdCommand
{
    private static readonly ArgumentRow Label = new("LABEL", "its label")
    {
        Completes = Completion.Label,
    };

    public static readonly CommandRow ClusterId = new("pfs-clid", "print the cluster id of a PFS",
        static invocation => Run(invocation, isNode: false))
    {
        Group = CommandGroup.Media,
        Description = "All nodes of a cluster have the same cluster id. Every snapshot has one of its own.",
        Selects = SelectedPath.First,
        Arguments = [PfsTarget.Argument, Label],
        Options = MediaOptions.All,
        Examples = [new("hammer2 pfs-clid /home DATA", "print the cluster id of a PFS of the mounted filesystem")],
    };

    public static readonly CommandRow NodeId = new("pfs-fsid", "print the id of a PFS on its filesystem",
        static invocation => Run(invocation, isNode: true))
    {
        Group = CommandGroup.Media,
        Description = "Each node of a cluster has another one. Of a mounted cluster the id on its first node is printed.",
        Selects = SelectedPath.First,
        Arguments = [PfsTarget.Argument, Label],
        Options = MediaOptions.All,
        Examples = [new("hammer2 pfs-fsid disk.img DATA", "print the id of a PFS that is not mounted")],
    };

    private static int Run(Invocation invocation, bool isNode)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        (MediaUuid clusterId, MediaUuid nodeId) = target.IdsOf(ByteText.Encode(invocation.Text(Label)));
        string text = (isNode ? nodeId : clusterId).ToString();
        using Report report = invocation.OpenReport();
        report.BeginList("pfs");
        report.BeginEntry(text);
        report.Detail(isNode ? "nodeId" : "clusterId", Cell.Text(text));
        report.EndEntry();
        report.EndList();
        return ExitCode.Ok;
    }
}
