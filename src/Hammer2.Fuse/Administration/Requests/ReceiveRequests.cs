// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Hammer2.Cluster;
using Hammer2.Cluster.Reports;
using Hammer2.Format;
using Hammer2.Snapshots.Streams;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests that receive streams of snapshots while the filesystem is mounted.</summary>
internal static class ReceiveRequests
{
    private const int ListedMax = 65536;
    private const string LabelName = "label";

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
                MediaRequests.NodeParameter,
            ],
        },
        new RequestRow<ReceivingListResult>("receive-status", "PFSs that were received in part",
            ResultJson.Default.ReceivingListResult, List)
        {
            Parameters = [MediaRequests.NodeParameter],
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
        if (MediaRequests.NodeOf(context, arguments) is not { } node)
            return MediaRequests.NoSuchNode<ReceivedResult>();
        if (mount.Vnodes.IsReadOnly)
            return new(Errno.EROFS, "the mount is read-only, or stopped after a write error", null);
        string path = arguments.Path("input")!;
        using RequestInput? input = RequestInput.TryOpen(path, context, out string reason);
        if (input is null) return new(Errno.EINVAL, $"{ByteText.ToPrintable(path)}: {reason}", null);
        try
        {
            byte[] label = LiveReceiver.Receive(node, input, new LiveReceiving(
                arguments.Label(LabelName) is { } given ? ByteText.Encode(given) : null, SystemRandom.NextBits,
                mount.Time, mount.PfsList.Exclusively, mount.PfsList.TryReceive,
                context.IsCancelled));
            return new ReceivedResult(ByteText.Decode(label));
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
        if (MediaRequests.NodeOf(context, arguments) is not { } node)
            return MediaRequests.NoSuchNode<ReceivingListResult>();
        var found = new List<PfsDescription>();
        Hammer2Error error = PfsReports.ListPfss(node, 0, ListedMax, found);
        var parts = new List<ReceivingResult>();
        foreach (PfsDescription pfs in found)
        {
            if (ReceivingPosition.Take([.. pfs.Holds], out uint seconds) is not { } position) continue;
            parts.Add(new ReceivingResult(pfs.Label, position.Records, DateTimeOffset.FromUnixTimeSeconds(seconds),
                context.Mount.PfsList.IsReceiving(pfs.Label)));
        }
        return new ReceivingListResult(error == Hammer2Error.None, parts);
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
