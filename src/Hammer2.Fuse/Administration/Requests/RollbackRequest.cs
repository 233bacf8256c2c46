// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Fuse.Trees;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>The request to roll a PFS back to a snapshot.</summary>
internal static class RollbackRequest
{
    /// <summary>The row.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<RollbackResult>(
            "rollback", "give a PFS the content of one of its snapshots, or of an older volume header",
            ResultJson.Default.RollbackResult, Run)
        {
            IsEvent = true,
            IsLong = true,
            Parameters =
            [
                new("label", ParameterType.Label, "label of the PFS", IsRequired: true),
                new("snapshot", ParameterType.Label, "label of the snapshot; this or header"),
                new("header", ParameterType.Number, "which copy of the volume header of the first node, 0 to 3"),
                new("force", ParameterType.Flag, "also when files on it are open for writing: they fail with ESTALE"),
            ],
        },
    ];

    private static RequestOutcome<RollbackResult> Run(RequestContext context, RequestArguments arguments)
    {
        string label = arguments.Label("label")!;
        string? snapshot = arguments.Label("snapshot");
        AdministeredMount mount = context.Mount;
        if (arguments.Number("header") is var header && header > Media.HeaderCopies - 1)
            return new(Errno.EINVAL, "the copies of the volume header have the numbers 0 to 3", null);
        if (snapshot is null == header is null)
            return new(Errno.EINVAL, "either a snapshot or a header must be given", null);
        var wanted = new RollbackWish(ByteText.Encode(snapshot ?? ""), (int?)header,
            arguments.Flag("force"), context.IsCancelled);
        if (mount.Pfs.Writer is null)
            return new(Errno.EROFS, PfsChangeRequests.Reason(Hammer2Error.ReadOnly, label), null);
        Hammer2Error found = PfsReports.FindPfs(mount.FirstNode, ByteText.Encode(label), out _);
        if (found != Hammer2Error.None) return new(found.ToErrno(), PfsChangeRequests.Reason(found, label), null);
        try
        {
            LiveRollbackOutcome outcome = mount.PfsList.Rollback(
                mount.Cluster, label, wanted, mount.Loggers, out byte[] kept);
            if (outcome.Error == Hammer2Error.None)
                return new RollbackResult(label, snapshot ?? "", ByteText.Decode(kept));
            string reason = outcome.Reason ?? RollbackText.Refusal(outcome.Error, label, snapshot)
                ?? PfsChangeRequests.Reason(outcome.Error, label);
            return new(outcome.Error.ToErrno(), reason, null);
        }
        catch (PfsInUseException)
        {
            return new(Errno.EBUSY, RollbackText.InUse(label), null);
        }
        catch (PfsException refusal)
        {
            return new(Errno.EINVAL, ByteText.ToPrintable(refusal.Message), null);
        }
    }
}
