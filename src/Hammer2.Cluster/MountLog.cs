// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>What the cluster layer says while it opens.</summary>
internal static partial class MountLog
{
    [LoggerMessage(10, LogLevel.Warning, "{Device}: not all PFSs could be listed: {Error}")]
    public static partial void PfsListIncomplete(ILogger logger, string device, Hammer2Error error);

    [LoggerMessage(11, LogLevel.Warning, "node {Device} is missing: {Reason}")]
    public static partial void NodeMissing(ILogger logger, string device, string reason);

    [LoggerMessage(12, LogLevel.Information, "PFS {Label}: node {Device} is read, commit 0x{Tid:x}")]
    public static partial void NodeUsed(ILogger logger, string label, string device, ulong tid);

    [LoggerMessage(13, LogLevel.Warning, "PFS {Label}: node {Device} is not read, it is {State}: {Reason}")]
    public static partial void NodeNotUsed(
        ILogger logger, string label, string device, NodeState state, string reason);

    [LoggerMessage(14, LogLevel.Warning,
        "PFS {Label}: {Present} of {Total} masters are here, {Quorum} make a quorum")]
    public static partial void MastersAbsent(
        ILogger logger, string label, int present, int total, int quorum);
}
