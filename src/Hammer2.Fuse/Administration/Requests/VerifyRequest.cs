// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster.Verification;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>The request that compares the nodes of a mount.</summary>
internal static class VerifyRequest
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<NodeComparisonResult>("verify", "compare the synced nodes at one commit, byte by byte",
            ResultJson.Default.NodeComparisonResult, Compare)
        {
            IsLong = true,
        },
    ];

    private static RequestOutcome<NodeComparisonResult> Compare(RequestContext context, RequestArguments arguments)
    {
        Hammer2Error error = NodeVerification.Compare(
            context.Mount.Pfs, context.IsCancelled, out NodeVerification? done);
        if (error != Hammer2Error.None) return new(error.ToErrno(), Describe(error), null);
        return new NodeComparisonResult(done!.NodesTotal, done.InodesTotal, done.DataBytes, done.DifferencesTotal,
            [.. done.Differences.Select(static one => new NodeDifferenceResult(
                one.First, one.Second, one.Kind.ToString(), one.Path, one.Inum, one.Key))]);
    }

    private static string Describe(Hammer2Error error) => error switch
    {
        Hammer2Error.ReadOnly => "the mount is read-only: hammer2 fsck compares nodes that are not mounted",
        Hammer2Error.Interrupted => "it was interrupted",
        Hammer2Error.NoResource => "too many commits are held readable",
        _ => "a block could not be read or written; the log tells more",
    };
}
