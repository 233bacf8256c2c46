// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests that make the filesystem of a node larger.</summary>
internal static class GrowRequests
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<GrowResult>(
            "growfs", "make the last volume of the filesystem larger", ResultJson.Default.GrowResult, Grow)
        {
            Parameters =
            [
                new("size", ParameterType.Number, "its length in bytes, rounded down to 8 MiB; that of its device when "
                    + "left out or 0"),
                MediaRequests.NodeParameter,
            ],
        },
        new RequestRow<AddedVolumeResult>(
            "volume-add", "add a volume to the filesystem", ResultJson.Default.AddedVolumeResult, Add)
        {
            IsLong = true,
            IsEvent = true,
            Parameters =
            [
                new("device", ParameterType.Device, "a device, image file or export of a server on which nothing is",
                    IsRequired: true),
                new("size", ParameterType.Number, "its length in bytes, rounded down to 8 MiB; that of the device when "
                    + "left out or 0"),
                MediaRequests.NodeParameter,
            ],
        },
    ];

    private static RequestOutcome<GrowResult> Grow(RequestContext context, RequestArguments arguments)
    {
        if (MediaRequests.NodeOf(context, arguments) is not { } node) return MediaRequests.NoSuchNode<GrowResult>();
        if (context.Mount.Vnodes.IsReadOnly)
            return new(Errno.EROFS, "the mount is read-only, or stopped after a write error", null);
        Hammer2Error error = FilesystemGrowth.Run(node, arguments.Number("size") ?? 0, out GrowthOutcome outcome);
        if (error == Hammer2Error.None)
            return new GrowResult(outcome.LengthBytes, outcome.IsChanged, outcome.TotalBytes);
        return new(
            error.ToErrno(), outcome.Refusal ?? "a block could not be read or written; the log tells more", null);
    }

    private static RequestOutcome<AddedVolumeResult> Add(RequestContext context, RequestArguments arguments)
    {
        if (MediaRequests.NodeOf(context, arguments) is not { } node)
            return MediaRequests.NoSuchNode<AddedVolumeResult>();
        if (context.Mount.Vnodes.IsReadOnly)
            return new(Errno.EROFS, "the mount is read-only, or stopped after a write error", null);
        try
        {
            Hammer2Error error = FilesystemAddition.Run(context.Mount.Cluster, node, arguments.Path("device")!,
                arguments.Number("size") ?? 0, context.Mount.Loggers, out AdditionOutcome outcome);
            return error == Hammer2Error.None
                ? new AddedVolumeResult(outcome.Index, outcome.StartBytes, outcome.LengthBytes, outcome.TotalBytes)
                : new RequestOutcome<AddedVolumeResult>(error.ToErrno(), AdditionText.Refusal(error, outcome), null);
        }
        catch (MediaException refusal)
        {
            return new(refusal is DeviceBusyException ? Errno.EBUSY : Errno.EINVAL, refusal.Message, null);
        }
    }
}
