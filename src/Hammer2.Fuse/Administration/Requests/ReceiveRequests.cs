// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Membership;
using Hammer2.Snapshots.Streams;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests that receive streams of snapshots while the filesystem is mounted.</summary>
internal static class ReceiveRequests
{
    private const int ListedMax = 65536;
    private const string LabelName = "label";

    private static RequestParameter OnlyNode => MediaRequests.NodeParameter with
    {
        Summary = "number of a present node, in the order of mounting; all synced ones when left out",
    };

    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<ReceivedResult>(
            "receive", "make a snapshot of a stream", ResultJson.Default.ReceivedResult, Receive)
        {
            IsLong = true,
            IsEvent = true,
            Parameters =
            [
                new("input", ParameterType.Path, "the stream: a file, or a pipe of a process", IsRequired: true),
                new(LabelName, ParameterType.Label, "label of the PFS; that of the snapshot when left out"),
            ],
        },
        new RequestRow<ReceivingListResult>("receive-status", "PFSs that were received in part",
            ResultJson.Default.ReceivingListResult, List)
        {
            Parameters = [OnlyNode],
        },
        new RequestRow<PfsChangeResult>(
            "receive-abort", "delete a PFS that was received in part", ResultJson.Default.PfsChangeResult, Abort)
        {
            IsEvent = true,
            Parameters = [new(LabelName, ParameterType.Label, "its label", IsRequired: true)],
        },
    ];

    private static RequestOutcome<ReceivedResult> Receive(RequestContext context, RequestArguments arguments)
    {
        AdministeredMount mount = context.Mount;
        if (mount.Vnodes.IsReadOnly)
            return new(Errno.EROFS, "the mount is read-only, or stopped after a write error", null);
        string path = arguments.Path("input")!;
        using RequestInput? input = RequestInput.TryOpen(path, context, out string reason);
        if (input is null) return new(Errno.EINVAL, $"{ByteText.ToPrintable(path)}: {reason}", null);
        try
        {
            using var nodes = ReceivingNodes.Of(mount.Pfs, mount.Scheduler);
            ReceivedStream received = LiveReceiver.Receive(nodes, input, new LiveReceiving(
                arguments.Label(LabelName) is { } given ? ByteText.Encode(given) : null, SystemRandom.NextBits,
                mount.Time, mount.PfsList.Exclusively, mount.PfsList.TryReceive,
                context.IsCancelled));
            return new ReceivedResult(ByteText.Decode(received.Label),
                [.. received.Without.Select(static node => new NodeWithoutResult(node.Name, node.Reason))]);
        }
        catch (StreamException refusal)
        {
            return new(context.IsCancelled() ? Errno.EINTR : Errno.EINVAL,
                $"the stream was not received: {refusal.Message}", null);
        }
        catch (IOException failure)
        {
            return new(Errno.EIO, $"{ByteText.ToPrintable(path)}: {failure.Message}", null);
        }
    }

    private static RequestOutcome<ReceivingListResult> List(RequestContext context, RequestArguments arguments)
    {
        IEnumerable<PresentNode> nodes = context.Mount.Pfs.Nodes.Where(static node => node.State == NodeState.Synced);
        if (arguments.Number("node") is not null)
        {
            if (MediaRequests.NodeOf(context, arguments) is not { } only)
                return MediaRequests.NoSuchNode<ReceivingListResult>();
            nodes = [only];
        }
        Hammer2Error errors = Hammer2Error.None;
        var parts = new SortedDictionary<string, ReceivingResult>(StringComparer.Ordinal);
        foreach (PresentNode node in nodes)
        {
            var found = new List<PfsDescription>();
            errors |= PfsReports.ListPfss(node, 0, ListedMax, found);
            foreach (PfsDescription pfs in found) Add(parts, pfs, context.Mount.PfsList);
        }
        return new ReceivingListResult(errors == Hammer2Error.None, [.. parts.Values]);
    }

    // Of nodes that have different parts, the least is said.
    private static void Add(
        SortedDictionary<string, ReceivingResult> parts, PfsDescription pfs, PfsListAccess pfses)
    {
        if (ReceivingPosition.Take([.. pfs.Holds], out uint seconds) is not { } position) return;
        var since = DateTimeOffset.FromUnixTimeSeconds(seconds);
        parts[pfs.Label] = parts.TryGetValue(pfs.Label, out ReceivingResult? other)
            ? other with { Records = Math.Min(other.Records, position.Records), Nodes = other.Nodes + 1 }
            : new ReceivingResult(pfs.Label, position.Records, since, pfses.IsReceiving(pfs.Label), Nodes: 1);
    }

    private static RequestOutcome<PfsChangeResult> Abort(RequestContext context, RequestArguments arguments)
    {
        string label = arguments.Label(LabelName)!;
        PfsListAccess pfses = context.Mount.PfsList;
        byte[] bytes = ByteText.Encode(label);
        if (pfses.IsReceiving(label)) return new(Errno.EBUSY, "it is being received", null);
        Hammer2Error error = pfses.Change(context.Mount.Pfs, list => list.DeleteReceived(bytes));
        if (error == Hammer2Error.None) return new PfsChangeResult(label);
        string message = error == Hammer2Error.Invalid
            ? "it is whole; pfs-delete deletes it" : PfsChangeRequests.Reason(error, label);
        return new(error.ToErrno(), message, null);
    }
}
