// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests about the PFSs of the filesystem below a mount.</summary>
internal static class PfsRequests
{
    private const int ListedMax = 65536;

    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<PfsListResult>(
            "pfs-list", "PFSs of the filesystem, in the order of their keys", ResultJson.Default.PfsListResult, List)
        {
            Parameters =
            [
                new("first", ParameterType.Number, "lowest key to list"),
                new("max", ParameterType.Number, "the most to list"),
                MediaRequests.NodeParameter,
            ],
        },
        new RequestRow<PfsResult>("pfs-lookup", "the PFS with a label", ResultJson.Default.PfsResult, Lookup)
        {
            Parameters =
            [
                new("label", ParameterType.Label, "its label; the mounted PFS when left out"),
                MediaRequests.NodeParameter,
            ],
        },
    ];

    /// <summary>A PFS as the result of a request.</summary>
    internal static PfsResult ResultOf(PfsDescription pfs) => new(
        pfs.Label, PfsTypeNames.NameOf(pfs), pfs.ClusterId.ToGuid(),
        pfs.NodeId.ToGuid(), pfs.Key, (byte)pfs.Type, (byte)pfs.Subtype, pfs.ModifyTid, pfs.SnapshotTid);

    private static RequestOutcome<PfsListResult> List(RequestContext context, RequestArguments arguments)
    {
        if (MediaRequests.NodeOf(context, arguments) is not { } node)
            return MediaRequests.NoSuchNode<PfsListResult>();
        int max = (int)Math.Min(arguments.Number("max") ?? ListedMax, ListedMax);
        var found = new List<PfsDescription>();
        Hammer2Error error = PfsReports.ListPfss(node, arguments.Number("first") ?? 0, max, found);
        if (error != Hammer2Error.None && found.Count == 0)
            return new(error.ToErrno(), "the list of PFSs cannot be read; the log tells more", null);
        return new PfsListResult(node.Name, error == Hammer2Error.None, [.. found.Select(ResultOf)]);
    }

    /// <summary>The PFS with a label.</summary>
    internal static RequestOutcome<PfsResult> Lookup(RequestContext context, RequestArguments arguments)
    {
        if (MediaRequests.NodeOf(context, arguments) is not { } node) return MediaRequests.NoSuchNode<PfsResult>();
        if (arguments.Label("label") is not { } label) return ResultOf(PfsReports.Describe(node));
        Hammer2Error error = PfsReports.FindPfs(node, ByteText.Encode(label), out PfsDescription? found);
        if (error == Hammer2Error.None) return ResultOf(found!);
        return error == Hammer2Error.NoEntry
            ? new(Errno.ENOENT, $"no PFS has the label {ByteText.ToPrintable(label)}", null)
            : new(error.ToErrno(), "a part of the list of PFSs cannot be read; the log tells more", null);
    }
}
