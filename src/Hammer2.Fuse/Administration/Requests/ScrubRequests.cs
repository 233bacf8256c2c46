// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Reports;
using Hammer2.Cluster.Scrubbing;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests about scrubs and error counters.</summary>
internal static class ScrubRequests
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<ScrubStatusResult>("scrub-start", "read everything on the nodes' devices, and heal what can be",
            ResultJson.Default.ScrubStatusResult, Start)
        {
            IsEvent = true,
            Parameters =
            [
                NodeParameter,
                new("rate", ParameterType.Number, "most bytes that are read in a second on a node; 0 for no limit"),
                new("errors-only", ParameterType.Flag, "yes to look at what the last scrub could not heal only"),
                new("restart", ParameterType.Flag, "yes to begin anew where an earlier one did not end"),
            ],
        },
        new RequestRow<ScrubStatusResult>("scrub-stop", "stop scrubs; they go on when they are started again",
            ResultJson.Default.ScrubStatusResult, Stop)
        {
            IsEvent = true,
            Parameters = [NodeParameter],
        },
        new RequestRow<ScrubStatusResult>("scrub-status", "how far scrubs are, and what they could not heal",
            ResultJson.Default.ScrubStatusResult, Status),
        new RequestRow<ErrorsResult>("clear-errors", "set the error counters of the devices to zero",
            ResultJson.Default.ErrorsResult, ClearErrors)
        {
            IsEvent = true,
            Parameters = [NodeParameter],
        },
    ];

    private static RequestParameter NodeParameter =>
        new("node", ParameterType.Number, "number of a present node, in the order of mounting; all when left out");

    /// <summary>The last scrubs of the nodes.</summary>
    internal static ScrubResult[] ScrubsOf(Pfs pfs, bool hasPlaces) =>
        [.. ScrubReports.Of(pfs, hasPlaces).Select(static scrub => new ScrubResult(scrub.Number, scrub.Name,
            scrub.State.ToString(), scrub.IsRunning, scrub.Started, scrub.Ended, scrub.CheckedBytes, scrub.TotalBytes,
            scrub.Faults, scrub.Healed, scrub.Unhealed, [.. scrub.Places.Select(static place =>
                new DamagedPlaceResult(place.Pfs, place.Path, place.Kind, place.Inum, place.Key))]))];

    /// <summary>The errors of all volumes.</summary>
    internal static VolumeErrorsResult[] ErrorsOf(Pfs pfs) =>
        [.. ScrubReports.ErrorsOf(pfs).Select(static volume => new VolumeErrorsResult(volume.Node, volume.Volume,
            volume.Name, volume.Errors.Reads, volume.Errors.Writes, volume.Errors.Flushes, volume.Errors.Checks,
            volume.Errors.Healed))];

    private static RequestOutcome<ScrubStatusResult> Start(RequestContext context, RequestArguments arguments)
    {
        if (context.Mount.Pfs.Writer is not { } writer || context.Mount.Vnodes.IsReadOnly)
            return new(Errno.EROFS, "the mount is read-only, or stopped after a write error", null);
        if (NodesOf(context, arguments) is not { Count: > 0 } nodes)
            return MediaRequests.NoSuchNode<ScrubStatusResult>();
        var options = new ScrubOptions(
            arguments.Number("rate") ?? 0, arguments.Flag("errors-only"), arguments.Flag("restart"));
        int started = 0;
        Hammer2Error last = Hammer2Error.NodeDown;
        foreach (PresentNode node in nodes)
        {
            Hammer2Error error = writer.StartScrub(node, options);
            if (error == Hammer2Error.None) started++;
            else last = error;
        }
        if (started > 0) return StatusOf(context);
        return last == Hammer2Error.Busy
            ? new(Errno.EBUSY, "a scrub of these devices runs already", null)
            : new(Errno.ENXIO, "no such node is synced", null);
    }

    private static RequestOutcome<ScrubStatusResult> Stop(RequestContext context, RequestArguments arguments)
    {
        if (context.Mount.Pfs.Writer is not { } writer)
            return new(Errno.EROFS, "the mount is read-only", null);
        if (NodesOf(context, arguments) is not { Count: > 0 } nodes)
            return MediaRequests.NoSuchNode<ScrubStatusResult>();
        foreach (PresentNode node in nodes) _ = writer.StopScrub(node);
        return StatusOf(context);
    }

    private static RequestOutcome<ScrubStatusResult> Status(RequestContext context, RequestArguments arguments) =>
        StatusOf(context);

    private static ScrubStatusResult StatusOf(RequestContext context) =>
        new(ScrubsOf(context.Mount.Pfs, hasPlaces: true), ErrorsOf(context.Mount.Pfs));

    private static RequestOutcome<ErrorsResult> ClearErrors(RequestContext context, RequestArguments arguments)
    {
        if (NodesOf(context, arguments) is not { Count: > 0 } nodes) return MediaRequests.NoSuchNode<ErrorsResult>();
        Hammer2Error errors = Hammer2Error.None;
        foreach (PresentNode node in nodes) errors |= ScrubReports.ClearErrors(node);
        if (errors == Hammer2Error.None) return new ErrorsResult(ErrorsOf(context.Mount.Pfs));
        return new(Errno.EROFS, "a node is not open for writing, or failed", null);
    }

    private static List<PresentNode> NodesOf(RequestContext context, RequestArguments arguments)
    {
        if (arguments.Number("node") is null) return [.. context.Mount.Pfs.Nodes];
        return MediaRequests.NodeOf(context, arguments) is { } node ? [node] : [];
    }
}
