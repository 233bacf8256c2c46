// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Cluster;
using Hammer2.Cluster.Reports;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests about the filesystem below a mount: its volumes, its space, its commits.</summary>
internal static class MediaRequests
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<VersionResult>("version", "version of the format", ResultJson.Default.VersionResult, Version)
        {
            Callers = AllowedCallers.Anyone,
        },
        new RequestRow<VolumeListResult>(
            "volume-list", "volumes of the filesystem", ResultJson.Default.VolumeListResult, VolumeList)
        {
            Parameters = [NodeParameter],
        },
        new RequestRow<SpaceResult>("space", "space of the PFS", ResultJson.Default.SpaceResult, Space),
        new RequestRow<BulkfreeResult>(
            "bulkfree", "free the blocks of deleted files", ResultJson.Default.BulkfreeResult, Bulkfree)
        {
            IsLong = true,
            IsEvent = true,
        },
        new RequestRow<TrimResult>("trim", "free the blocks of deleted files, and have the devices give up free space",
            ResultJson.Default.TrimResult, Trim)
        {
            IsLong = true,
            IsEvent = true,
            Parameters =
            [
                new("start", ParameterType.Number, "first byte of the address space; 0 when left out"),
                new("length", ParameterType.Number, "bytes from there; all when left out"),
                new("minimum", ParameterType.Number, "shortest run of free space, in bytes"),
            ],
        },
        new RequestRow<SyncResult>("sync", "commit all changes", ResultJson.Default.SyncResult, Sync),
    ];

    /// <summary>Names a node by its number.</summary>
    internal static RequestParameter NodeParameter =>
        new("node", ParameterType.Number, "number of a present node, in the order of mounting; 0 when left out");

    /// <summary>The node that a request names.</summary>
    /// <returns>Null when there is none of that number.</returns>
    internal static PresentNode? NodeOf(RequestContext context, RequestArguments arguments) =>
        context.Mount.Pfs.Nodes.ElementAtOrDefault((int)Math.Min(arguments.Number("node") ?? 0, int.MaxValue));

    /// <summary>The answer for a number that no node has.</summary>
    internal static RequestOutcome<T> NoSuchNode<T>()
        where T : class => new(Errno.EINVAL, "no present node has this number", null);

    private static RequestOutcome<VersionResult> Version(RequestContext context, RequestArguments arguments) =>
        new VersionResult(PfsReports.VersionOf(context.Mount.FirstNode));

    private static RequestOutcome<VolumeListResult> VolumeList(RequestContext context, RequestArguments arguments)
    {
        if (NodeOf(context, arguments) is not { } node) return NoSuchNode<VolumeListResult>();
        VolumeResult[] volumes = [.. PfsReports.VolumesOf(node).Select(volume =>
            new VolumeResult(volume.Id, volume.Path, volume.StartBytes, volume.LengthBytes))];
        return new VolumeListResult(
            PfsReports.VersionOf(node), PfsReports.Describe(node).Label, volumes);
    }

    private static RequestOutcome<SpaceResult> Space(RequestContext context, RequestArguments arguments) =>
        SpaceOf(context.Mount);

    /// <summary>The space of a mount.</summary>
    internal static SpaceResult SpaceOf(AdministeredMount mount)
    {
        SpaceDescription space = PfsReports.SpaceOf(mount.Pfs);
        return new SpaceResult(space.Shown.TotalBytes, space.Shown.FreeBytes, space.Shown.AvailableBytes,
            space.ReserveBytes, space.ReservedBytes, space.UnwrittenBytes, space.Shown.InodesTotal,
            space.UncommittedBytes, space.StagedBytes);
    }

    private static RequestOutcome<BulkfreeResult> Bulkfree(RequestContext context, RequestArguments arguments)
    {
        AdministeredMount mount = context.Mount;
        var options = new ReclaimOptions(mount.Options.Discards, context.IsCancelled, context.Report);
        // Freed with the rest: files with attributes of objects that another driver deleted.
        Errno error = mount.Vnodes.RemoveStrayAttributes(out _);
        ReclaimResult done = default;
        if (error == Errno.None) error = mount.Vnodes.Reclaim(options, out done);
        PfsSpace space = mount.Vnodes.GetSpace();
        var result = new BulkfreeResult(done.FreedBytes, done.StagedBytes, done.RepairedBytes,
            space.TotalBytes, space.TotalBytes - space.FreeBytes);
        return new(error, DescribeBulkfree(error, mount), result);
    }

    private static RequestOutcome<TrimResult> Trim(RequestContext context, RequestArguments arguments)
    {
        AdministeredMount mount = context.Mount;
        ulong first = arguments.Number("start") ?? 0;
        ulong length = arguments.Number("length") ?? ulong.MaxValue;
        ulong least = arguments.Number("minimum") ?? 0;
        if (length < Media.GranuleBytes || least > Media.SegmentBytes)
            return new(Errno.EINVAL, "the range is shorter than a granule, or the least run longer than 4 MiB", null);
        if (first >= EndOf(mount.Pfs))
            return new(Errno.EINVAL, "the range begins past the end of the filesystem", null);
        ulong last = length - 1 > ulong.MaxValue - first ? ulong.MaxValue : first + (length - 1);
        Errno error = mount.Vnodes.Trim(
            new TrimRange(first, last, (long)least), context.IsCancelled, context.Report, out long discarded);
        return new(error, DescribeBulkfree(error, mount), new TrimResult(discarded));
    }

    // Past the last byte of the longest node.
    private static ulong EndOf(Pfs pfs) => pfs.Nodes.Max(static node => PfsReports.VolumesOf(node)
        .Max(static volume => volume.StartBytes + volume.LengthBytes));

    private static RequestOutcome<SyncResult> Sync(RequestContext context, RequestArguments arguments)
    {
        Errno error = context.Mount.Vnodes.Commit();
        string message = error == Errno.None ? "" : "the changes could not be committed; the log tells more";
        return new(error, message, new SyncResult(PfsReports.LastCommitOf(context.Mount.Pfs)));
    }

    private static string DescribeBulkfree(Errno error, AdministeredMount mount) => error switch
    {
        Errno.None => "",
        Errno.EROFS => "the mount is read-only, or stopped after a write error",
        Errno.EINTR => "it was interrupted; what it had freed stays free",
        _ => ByteText.ToPrintable(mount.Cluster.LastFault ?? "a block cannot be read or written; the log tells more"),
    };
}
