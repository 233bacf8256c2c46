// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests about holds, which keep PFSs from being deleted: on every node of the mounted PFS, durable when
/// they are answered.</summary>
internal static class HoldRequests
{
    private const int ListedMax = 65536;
    private const string LabelName = "label";
    private const string HoldName = "name";

    private static readonly RequestParameter[] s_hold =
    [
        new(LabelName, ParameterType.Label, "label of the PFS", IsRequired: true),
        new(HoldName, ParameterType.Hold, "name of the hold", IsRequired: true),
    ];

    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<HoldListResult>("hold", "keep a PFS from being deleted",
            ResultJson.Default.HoldListResult, (context, arguments) => Change(context, arguments, isRelease: false))
        {
            IsEvent = true,
            Parameters = s_hold,
        },
        new RequestRow<HoldListResult>("release", "release a hold of a PFS",
            ResultJson.Default.HoldListResult, (context, arguments) => Change(context, arguments, isRelease: true))
        {
            IsEvent = true,
            Parameters = s_hold,
        },
        new RequestRow<HoldListResult>("holds", "the holds of one PFS or all", ResultJson.Default.HoldListResult, List)
        {
            Parameters = [new(LabelName, ParameterType.Label, "label of the PFS; all when left out")],
        },
    ];

    private static RequestOutcome<HoldListResult> Change(
        RequestContext context, RequestArguments arguments, bool isRelease)
    {
        string label = arguments.Label(LabelName)!, name = arguments.Label(HoldName)!;
        byte[] labelBytes = ByteText.Encode(label), nameBytes = ByteText.Encode(name);
        Hammer2Error error = context.Mount.PfsList.Change(context.Mount.Pfs, pfses => isRelease
            ? pfses.Release(labelBytes, nameBytes) : pfses.Hold(labelBytes, nameBytes));
        if (error == Hammer2Error.None) return List(context, RequestArguments.Of((LabelName, label)));
        string reason = HoldText.Refusal(error, label, name) ?? PfsChangeRequests.Reason(error, label);
        return new(error.ToErrno(), reason, null);
    }

    private static RequestOutcome<HoldListResult> List(RequestContext context, RequestArguments arguments)
    {
        var found = new List<PfsDescription>();
        Hammer2Error error;
        string? label = arguments.Label(LabelName);
        if (label is null) error = PfsReports.ListPfss(context.Mount.FirstNode, 0, ListedMax, found);
        else
        {
            error = PfsReports.FindPfs(context.Mount.FirstNode, ByteText.Encode(label), out PfsDescription? one);
            if (one is null) return new(error.ToErrno(), PfsChangeRequests.Reason(error, label), null);
            found.Add(one);
        }
        var holds = new List<HoldResult>();
        bool isComplete = error == Hammer2Error.None;
        foreach (PfsDescription pfs in found)
        {
            isComplete &= !pfs.IsHeld || pfs.Holds.Count > 0;
            foreach (PfsHold hold in pfs.Holds)
            {
                holds.Add(new HoldResult(pfs.Label, ByteText.Decode(hold.Name.Span),
                    DateTimeOffset.FromUnixTimeSeconds(hold.Time)));
            }
        }
        return new HoldListResult(isComplete, holds);
    }
}
