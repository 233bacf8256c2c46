// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Members;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests about the nodes of the mounted PFS's cluster: a quorum of nodes holds a change when it is
/// answered.</summary>
internal static class ClusterRequests
{
    private const string Node = "node";
    private const string Device = "device";

    private static readonly string[] s_policies = ["resync-rate=", "resync-snapshots=", "noquorum="];

    private static readonly RequestParameter s_node = new(Node, ParameterType.Label,
        "its devices as status names them, its slot, or digits that the id of its filesystem begins with",
        IsRequired: true);

    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<MemberListResult>(
            "cluster-list", "nodes of the cluster", ResultJson.Default.MemberListResult,
            static (context, _) => List(context)),
        new RequestRow<MemberListResult>("cluster-attach", "add a node to the cluster",
            ResultJson.Default.MemberListResult,
            static (context, arguments) => Change(context, members => Attach(members, arguments.Label(Device)!)))
        {
            IsEvent = true,
            Parameters = [new(Device, ParameterType.Label, "DEVICE[:DEVICE...] with the node", IsRequired: true)],
        },
        Row("cluster-detach", "remove a node from the cluster", static (members, node) => members.Detach(node)),
        new RequestRow<SnapshotCopyResult>("cluster-snapshots", "copy to a node the snapshots that it lacks",
            ResultJson.Default.SnapshotCopyResult, CopySnapshots)
        {
            IsLong = true,
            IsEvent = true,
            Parameters = [s_node],
        },
        Row("cluster-promote", "have a slave become a master", static (members, node) => members.Promote(node)),
        Row("cluster-demote", "have a master be a slave", static (members, node) => members.Demote(node)),
        Row("cluster-offline", "set a node aside", static (members, node) => members.Offline(node)),
        Row("cluster-online", "use a node again that was set aside", static (members, node) => members.Online(node)),
        Row("cluster-resync", "compare a node with the others and copy what differs", static (members, node) =>
            members.Resync(node)),
        new RequestRow<ClusterPolicyResult>("cluster-policy", "how nodes are resynchronized",
            ResultJson.Default.ClusterPolicyResult, Policy)
        {
            IsEvent = true,
            Parameters =
            [
                new("options", ParameterType.Label,
                    "resync-rate=SIZE,resync-snapshots=keep|delete,noquorum=readonly|error|stall; none to show them"),
            ],
        },
    ];

    private static RequestRow<MemberListResult> Row(
        string name, string summary, Func<IClusterMembers, string, MemberOutcome> change) =>
        new(name, summary, ResultJson.Default.MemberListResult,
            (context, arguments) => Change(context, members => change(members, arguments.Label(Node)!)))
        {
            IsEvent = true,
            Parameters = [s_node],
        };

    private static RequestOutcome<MemberListResult> Change(
        RequestContext context, Func<IClusterMembers, MemberOutcome> change)
    {
        if (AccessOf(context, out Errno error, out string refusal) is not { } members)
            return new(error, refusal, null);
        MemberOutcome outcome = change(members);
        if (outcome.Error == Hammer2Error.None) return List(context);
        return new(outcome.Error.ToErrno(), ReasonOf(outcome), null);
    }

    private static RequestOutcome<ClusterPolicyResult> Policy(RequestContext context, RequestArguments arguments)
    {
        string list = arguments.Label("options") ?? "";
        foreach (string word in list.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!s_policies.Any(policy => word.StartsWith(policy, StringComparison.Ordinal)))
            {
                return new(Errno.EINVAL,
                    $"{word}: is no option of this kind; there are {string.Join(", ", s_policies)}", null);
            }
        }
        RequestOutcome<MountOptions> outcome = context.Mount.ChangePolicy(list);
        return outcome.Result is { } options
            ? new ClusterPolicyResult(options.Resynchronizes, options.ResyncRateBytes,
                ResyncSnapshotsText.Of(options.ResyncDeletesSnapshots),
                context.Mount.Pfs.Writer?.ResyncSnapshots.DeletedTotal ?? 0, QuorumPolicyText.Of(options.Quorum))
            : new RequestOutcome<ClusterPolicyResult>(outcome.Error, outcome.Message, null);
    }

    private static RequestOutcome<SnapshotCopyResult> CopySnapshots(RequestContext context, RequestArguments arguments)
    {
        if (AccessOf(context, out Errno error, out string refusal) is not { } members)
            return new(error, refusal, null);
        MemberOutcome outcome = members.CopySnapshots(
            arguments.Label(Node)!, context.IsCancelled, out int copied);
        if (outcome.Error == Hammer2Error.None) return new SnapshotCopyResult(copied);
        return new(outcome.Error.ToErrno(), ReasonOf(outcome), null);
    }

    private static MemberOutcome Attach(IClusterMembers members, string device)
    {
        try
        {
            return members.Attach(MountSpec.Parse(device).Paths);
        }
        catch (FormatException malformed)
        {
            return new MemberOutcome(Hammer2Error.Invalid, malformed.Message);
        }
    }

    private static IClusterMembers? AccessOf(RequestContext context, out Errno error, out string refusal)
    {
        bool isReadOnly = context.Mount.Vnodes.IsReadOnly;
        (error, refusal) = isReadOnly
            ? (Errno.EROFS, "the mount is read-only, or stopped after a write error")
            : (Errno.EOPNOTSUPP, "the mount does not look after its nodes (option noresync)");
        return isReadOnly ? null : context.Mount.Cluster.MembersAccess;
    }

    private static string ReasonOf(MemberOutcome outcome) => outcome.Refusal
        ?? (outcome.Error == Hammer2Error.TooLarge
            ? "the list of nodes has no space beside label and holds of the PFS"
            : "the change could not be committed; the log tells more");

    private static RequestOutcome<MemberListResult> List(RequestContext context)
    {
        ClusterSummary cluster = MemberReport.Of(context.Mount.Pfs);
        return new MemberListResult(
            cluster.Number, cluster.Masters, cluster.Quorum, [.. cluster.Members.Select(ResultOf)]);
    }

    private static MemberResult ResultOf(MemberDescription member) => new(
        member.Slot < 0 ? null : member.Slot, member.Role?.ToString() ?? "", member.FilesystemId, member.Name ?? "",
        member.State.ToString(), member.Reason, member.CommitTid);
}
