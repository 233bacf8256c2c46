// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using Hammer2.Admin;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Snapshots.Streams;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Hammer2.Tool.PfsChanges;
using Hammer2.Tool.Snapshots;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Makes a snapshot of a stream.</summary>
internal static class ReceiveCommand
{
    private const int JsonVersion = 1;

    private static readonly ArgumentRow Target = new("WHERE",
        "a directory in a mount, or all devices of a filesystem that is not mounted, DEVICE[:DEVICE...]; with @LABEL for "
        + "another label")
    {
        Completes = Completion.File,
    };

    private static readonly OptionRow From = new("--input", "read from a file, and not from standard input")
    {
        ValueName = "FILE",
        Completes = Completion.File,
    };

    private static readonly OptionRow Status = new("--status", "list what was received in part");

    private static readonly OptionRow Abort = new("--abort", "delete what was received in part, WHERE@LABEL");

    public static readonly CommandRow Row = new("receive", "make a snapshot of a stream that 'send' wrote", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            The snapshot has the label of the one that was sent, unless another one is given, and ids of its own. An
            increment needs the snapshot that it was made from, received here and not changed since.

            On a filesystem that is not mounted the snapshot is there after the last record, or not at all: a stream
            that is cut, damaged or does not fit changes nothing. What a mount received of it in part before is
            continued, as there.

            A mounted filesystem stays in use, and receives in parts of some MiB that are committed one after the other.
            Until the last part it is not whole: it cannot be mounted, sent or deleted, and is of type CACHE in lists.
            Given again, the same stream goes on behind what is there; --abort deletes that, and --status lists it with
            the number of records.

            Of a mounted cluster all synced nodes get the snapshot. One that fails meanwhile, or lacks the snapshot that
            an increment needs, is named and left out, as long as the others are a quorum; otherwise the snapshot does
            not become whole anywhere. The same stream, given again, goes on at each node that does not have all of it.
            """,
        Arguments = [Target],
        Options = [From, Status, Abort, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 send disk.img@monday | hammer2 receive /dev/sdb1", "copy a snapshot to another device"),
            new("hammer2 send /home@monday | ssh backup hammer2 receive /backup", "to a mount on another machine"),
            new("hammer2 receive /dev/sdb1@home.tuesday --input tuesday.stream", "from a file, with another label"),
            new("hammer2 receive --abort /backup@monday", "give up what came of a stream that was cut"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string text = invocation.Text(Target);
        (string? directory, string? label) = DirectoryOf(text);
        MountSpec? spec = directory is null ? MediaOptions.Parse(text) : null;
        label ??= spec?.Label;
        if (invocation.Has(Status)) return List(invocation, directory, spec);
        if (invocation.Has(Abort))
        {
            AbortOne(invocation, text, directory, label);
            return ExitCode.Ok;
        }
        try
        {
            var without = new List<(string Node, string Reason)>();
            string received = directory is null
                ? ReceiveOffline(invocation, spec!, label)
                : ReceiveLive(invocation, directory, label, without);
            foreach ((string node, string reason) in without)
                invocation.Warn($"{node} was left out, and does not have it: {reason}");
            using Report report = invocation.OpenReport();
            report.Detail("version", Cell.Number(JsonVersion));
            report.Value("received", "received", Cell.Text(NameText.Escape(received)));
            return ExitCode.Ok;
        }
        catch (StreamException refusal)
        {
            throw new CommandException(ExitCode.Failed, $"{text}: the stream was not received: {refusal.Message}", refusal);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.CannotOpen, failure.Message, failure);
        }
    }

    // A directory, with or without a label.
    private static (string? Directory, string? Label) DirectoryOf(string text)
    {
        if (LinuxPath.IsDirectory(text)) return (text, null);
        int at = text.LastIndexOf('@');
        return at > 0 && at < text.Length - 1 && LinuxPath.IsDirectory(text[..at])
            ? (text[..at], text[(at + 1)..]) : (null, null);
    }

    private static string ReceiveOffline(Invocation invocation, MountSpec spec, string? label)
    {
        using Stream from = invocation.Text(From) is { } path
            ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20)
            : new BufferedStream(Console.OpenStandardInput(), 1 << 20);
        byte[]? given = label is null ? null : ByteText.Encode(label);
        VolumeSet volumes = MediaOptions.OpenForWriting(invocation, spec);
        StreamIdentity received = SnapshotReceiver.Receive(
            volumes, from, given, TimeProvider.System, SystemRandom.NextBits, invocation.Loggers);
        return ByteText.Decode(given ?? received.Label);
    }

    private static string ReceiveLive(
        Invocation invocation, string directory, string? label, List<(string Node, string Reason)> without)
    {
        invocation.Interrupted = static () => "what was received until now is kept; 'hammer2 receive --status' lists it";
        using ForwardedInput? forwarded = invocation.Text(From) is null ? ForwardedInput.Start() : null;
        string input = forwarded?.Path ?? LinuxPath.GetFull(invocation.Text(From)!);
        JsonElement result = ControlFile.Request(directory, "receive", ("input", input), ("label", label ?? ""));
        foreach (JsonElement node in result.GetProperty("without").EnumerateArray())
            without.Add((node.GetProperty("node").GetString()!, node.GetProperty("reason").GetString()!));
        return result.GetProperty("received").GetString()!;
    }

    private static int List(Invocation invocation, string? directory, MountSpec? spec)
    {
        var found = new List<ReceivingPart>();
        if (directory is not null)
        {
            JsonElement result = ControlFile.Request(directory, "receive-status");
            foreach (JsonElement part in result.GetProperty("receiving").EnumerateArray())
            {
                found.Add(new(part.GetProperty("label").GetString()!, part.GetProperty("records").GetUInt64(),
                    part.GetProperty("since").GetDateTimeOffset(), part.GetProperty("isRunning").GetBoolean(),
                    part.GetProperty("nodes").GetInt32()));
            }
        }
        else ListOffline(invocation, spec!, found);
        using Report report = invocation.OpenReport();
        report.Detail("version", Cell.Number(JsonVersion));
        report.BeginTable("receiving", new Column("label", "LABEL"), new Column("records", "RECORDS"),
            new Column("since", "SINCE"), new Column("isRunning", "RUNNING"),
            new Column("nodes", "NODES"));
        foreach (ReceivingPart part in found)
        {
            report.Row(Cell.Text(NameText.Escape(part.Label)), Cell.Number((long)part.Records),
                Cell.Time((ulong)part.Since.ToUnixTimeSeconds() * 1_000_000), Cell.Flag(part.IsRunning),
                Cell.Number(part.Nodes));
        }
        report.EndTable();
        return ExitCode.Ok;
    }

    private static void ListOffline(Invocation invocation, MountSpec spec, List<ReceivingPart> found)
    {
        using VolumeSet volumes = MediaOptions.Open(invocation, spec);
        foreach (PfsRecord pfs in PfsCatalog.Read(volumes).Records)
        {
            var holds = new List<PfsHold>();
            if (!PfsHolds.TryRead(pfs.AfterLabel, holds)) continue;
            if (ReceivingPosition.Take(holds, out uint seconds) is not { } position) continue;
            var since = DateTimeOffset.FromUnixTimeSeconds(seconds);
            found.Add(new(ByteText.Decode(pfs.Label), position.Records, since, IsRunning: false, Nodes: 1));
        }
    }

    private sealed record ReceivingPart(
        string Label, ulong Records, DateTimeOffset Since, bool IsRunning, int Nodes);

    private static void AbortOne(Invocation invocation, string text, string? directory, string? label)
    {
        if (label is null)
            throw new CommandException(invocation.Row.UsageExitCode, $"{text}: a label is needed, WHERE@LABEL");
        if (directory is not null)
        {
            _ = ControlFile.Request(directory, "receive-abort", ("label", label));
            return;
        }
        byte[] bytes = ByteText.Encode(label);
        new PfsTarget(invocation, text).RunOffline(bytes, pfses => pfses.DeleteReceived(bytes),
            static error => error == Hammer2Error.Invalid ? "it is whole; pfs-delete deletes it" : null);
    }
}
