// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Format;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Requests;

/// <summary>Requests that create, delete and rename PFSs and make snapshots: on every node of the mounted PFS, durable
/// when they are answered.</summary>
internal static class PfsChangeRequests
{
    private const string LabelName = "label";

    private static readonly RequestParameter s_label = new(
        LabelName, ParameterType.Label, "its label", IsRequired: true);

    /// <summary>The rows.</summary>
    public static IReadOnlyList<RequestRow> Rows { get; } =
    [
        new RequestRow<PfsResult>(
            "snapshot", "make a snapshot of the mounted PFS", ResultJson.Default.PfsResult, Snapshot)
        {
            IsEvent = true,
            Parameters =
            [
                new(LabelName, ParameterType.Label, "its label; that of the PFS and the time when left out"),
                new("no-sync", ParameterType.Flag, "without effect: a snapshot has all changes that were accepted"),
            ],
        },
        new RequestRow<PfsResult>("pfs-create", "create an empty PFS", ResultJson.Default.PfsResult, Create)
        {
            IsEvent = true,
            Parameters =
            [
                s_label,
                new("type", ParameterType.Label, "its type; MASTER when left out"),
                new("cluster-id", ParameterType.Uuid, "the cluster that it becomes a node of"),
                new("node-id", ParameterType.Uuid, "its id on the first node"),
            ],
        },
        new RequestRow<PfsChangeResult>(
            "pfs-delete", "delete a PFS that is not mounted", ResultJson.Default.PfsChangeResult, Delete)
        {
            IsEvent = true,
            Parameters =
            [
                s_label,
                new("force", ParameterType.Flag, "also when files in it are open: they cannot be read any more"),
            ],
        },
        new RequestRow<PfsResult>(
            "pfs-rename", "give a PFS that is not mounted another label", ResultJson.Default.PfsResult, Rename)
        {
            IsEvent = true,
            Parameters = [s_label, new("to", ParameterType.Label, "the new label", IsRequired: true)],
        },
    ];

    private static RequestOutcome<PfsResult> Snapshot(RequestContext context, RequestArguments arguments)
    {
        AdministeredMount mount = context.Mount;
        byte[] label = arguments.Label(LabelName) is { } given
            ? ByteText.Encode(given)
            : PfsLabel.OfSnapshot(mount.Pfs.Label.Span, TimeZoneInfo.ConvertTime(
                mount.Time.GetUtcNow(), mount.Time.LocalTimeZone));
        return Changed(context, label, pfses => pfses.Snapshot(label));
    }

    private static RequestOutcome<PfsResult> Create(RequestContext context, RequestArguments arguments)
    {
        string name = arguments.Label("type") ?? "MASTER";
        if (PfsTypeNames.Parse(name) is not { } type)
            return new(Errno.EINVAL, $"{ByteText.ToPrintable(name)}: there is no such type", null);
        byte[] label = LabelOf(arguments);
        return Changed(context, label, pfses => pfses.Create(
            label, type, IdOf(arguments, "cluster-id"), IdOf(arguments, "node-id")));
    }

    private static RequestOutcome<PfsChangeResult> Delete(RequestContext context, RequestArguments arguments)
    {
        byte[] label = LabelOf(arguments);
        var openers = new List<uint>();
        Hammer2Error error = context.Mount.PfsList.Change(
            context.Mount.Pfs, pfses => pfses.Delete(label, out _), arguments.Flag("force"), openers);
        if (openers.Count > 0) return InUse<PfsChangeResult>(context, label, openers);
        if (error != Hammer2Error.None) return new(error.ToErrno(), Reason(error, ByteText.Decode(label)), null);
        return new PfsChangeResult(ByteText.Decode(label));
    }

    private static RequestOutcome<PfsResult> Rename(RequestContext context, RequestArguments arguments)
    {
        byte[] from = LabelOf(arguments), to = ByteText.Encode(arguments.Label("to")!);
        var openers = new List<uint>();
        Hammer2Error error = context.Mount.PfsList.Change(
            context.Mount.Pfs, pfses => pfses.Rename(from, to, out _), isForced: false, openers);
        if (openers.Count > 0) return InUse<PfsResult>(context, from, openers);
        return Outcome(context, error, from, to);
    }

    private static RequestOutcome<PfsResult> Changed(
        RequestContext context, byte[] label, Func<PfsAdministration, Hammer2Error> change) =>
        Outcome(context, context.Mount.PfsList.Change(context.Mount.Pfs, change), label, label);

    private static RequestOutcome<PfsResult> Outcome(
        RequestContext context, Hammer2Error error, byte[] named, byte[] result)
    {
        if (error != Hammer2Error.None)
            return new(error.ToErrno(), Reason(error, ByteText.Decode(named)), null);
        return PfsRequests.Lookup(context, RequestArguments.Of((LabelName, ByteText.Decode(result))));
    }

    private static RequestOutcome<TResult> InUse<TResult>(RequestContext context, byte[] label, List<uint> openers)
        where TResult : class
    {
        string shown = ByteText.ToPrintable(ByteText.Decode(label));
        string processes = ProcessNames.Describe(openers);
        AdministrationLog.SnapshotInUse(context.Mount.Logger, shown, processes);
        return new(Errno.EBUSY, $"files of {shown} are open below .hammer2/snapshots: {processes}", null);
    }

    private static byte[] LabelOf(RequestArguments arguments) => ByteText.Encode(arguments.Label(LabelName)!);

    // Programs send zeros for an id that is to be drawn.
    private static MediaUuid? IdOf(RequestArguments arguments, string name) =>
        arguments.Uuid(name) is { IsZero: false } id ? id : null;

    /// <summary>Why a change was refused, in words.</summary>
    internal static string Reason(Hammer2Error error, string label)
    {
        string shown = ByteText.ToPrintable(label);
        return error switch
        {
            Hammer2Error.Exists => $"a PFS with this label exists already, or one with the label {shown}",
            Hammer2Error.NoEntry => $"no PFS has the label {shown}",
            Hammer2Error.Busy => $"PFS {shown} is mounted; unmount it first",
            Hammer2Error.Held => $"PFS {shown} is held; \"holds\" lists its holds, \"release\" releases one",
            Hammer2Error.TooLarge => "the holds of the PFS have no space beside so long a label",
            Hammer2Error.Invalid => $"{shown}: no PFS can have this label or type, or nodes have different PFSs there",
            Hammer2Error.NoSpace => "not enough free space",
            Hammer2Error.ReadOnly => "the mount is read-only, or stopped after a write error",
            _ => "a block could not be read or written; the log tells more",
        };
    }
}
