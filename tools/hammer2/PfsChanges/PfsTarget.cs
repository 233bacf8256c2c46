// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.Json;
using Hammer2.Admin;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Cluster.SnapshotSchedules;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Vnodes;
using Linux.Text;
using Microsoft.Extensions.Logging;

namespace Hammer2.Tool.PfsChanges;

/// <summary>Where the list of PFSs is changed: through a mount, which does it on all nodes of its PFS while it is in use,
/// or on the devices of a filesystem that is not mounted.</summary>
internal sealed class PfsTarget(Invocation invocation, string target)
{
    /// <summary>The argument of the commands.</summary>
    public static readonly ArgumentRow Argument = new("WHERE",
        "a directory in a mount, or all devices of a filesystem that is not mounted, DEVICE[:DEVICE...]")
    {
        Completes = Completion.File,
    };

    private readonly MountSpec? _spec = LinuxPath.IsDirectory(target) ? null : MediaOptions.Parse(target);

    /// <summary>True when it is a directory in a mount.</summary>
    public bool IsMount => _spec is null;

    /// <summary>The label of the PFS: the mounted one, or the one that was given with the devices.</summary>
    /// <exception cref="CommandException">It is not a mount.</exception>
    public byte[] Label
    {
        get
        {
            if (_spec is not null) return ByteText.Encode(_spec.Label ?? MountSpec.DefaultLabel);
            var record = new PfsIoctlRecord { Key = PfsIoctlRecord.NoKey };
            MountIoctl.Call(target, IoctlCommand.PfsGet, ref record);
            ReadOnlySpan<byte> label = record.Label;
            return label[..label.IndexOf((byte)0)].ToArray();
        }
    }

    /// <summary>Sends a request about a PFS to the mount.</summary>
    /// <exception cref="CommandException">It was refused.</exception>
    public void Call(uint command, PfsIoctlRecord record, byte[] label)
    {
        CheckLabel(label);
        label.CopyTo((Span<byte>)record.Label);
        MountIoctl.Call(target, command, ref record, error => PfsChangeText.Refusal(error, ByteText.Decode(label)));
    }

    /// <summary>Sends a request to the mount through its control file, for requests that have no ioctl, and for those
    /// whose refusal has more than one reason.</summary>
    /// <exception cref="CommandException">It was refused.</exception>
    public JsonElement Request(string request, params ReadOnlySpan<(string Name, string Value)> arguments) =>
        ControlFile.Request(target, request, arguments);

    /// <summary>The PFS with a label.</summary>
    /// <exception cref="CommandException">There is none, or the list cannot be read.</exception>
    public (MediaUuid ClusterId, MediaUuid NodeId) IdsOf(byte[] label)
    {
        CheckLabel(label);
        if (_spec is null)
        {
            var record = new PfsIoctlRecord();
            label.CopyTo((Span<byte>)record.Label);
            MountIoctl.Call(target, IoctlCommand.PfsLookup, ref record,
                error => PfsChangeText.Refusal(error, ByteText.Decode(label)));
            return (record.ClusterId, record.NodeId);
        }
        using VolumeSet volumes = MediaOptions.Open(invocation, _spec);
        foreach (PfsRecord pfs in PfsCatalog.Read(volumes).Records)
            if (pfs.Label.AsSpan().SequenceEqual(label)) return (pfs.Meta.PfsClusterId, pfs.Meta.PfsNodeId);
        throw Refused(Hammer2Error.NoEntry, label);
    }

    /// <summary>Lists holds.</summary>
    /// <param name="label">Label of a PFS; null for all.</param>
    /// <param name="found">Receives label, name and time of each.</param>
    /// <returns>False when some cannot be read.</returns>
    /// <exception cref="CommandException">There is no such PFS, or nothing can be read.</exception>
    public bool ListHolds(string? label, Action<string, string, DateTimeOffset> found)
    {
        if (_spec is null)
        {
            JsonElement result = ControlFile.Request(target, "holds", ("label", label ?? ""));
            foreach (JsonElement hold in result.GetProperty("holds").EnumerateArray())
            {
                found(hold.GetProperty("label").GetString()!, hold.GetProperty("name").GetString()!,
                    hold.GetProperty("since").GetDateTimeOffset());
            }
            return result.GetProperty("isComplete").GetBoolean();
        }
        using VolumeSet volumes = MediaOptions.Open(invocation, _spec);
        PfsCatalog catalog = PfsCatalog.Read(volumes);
        bool isComplete = catalog.Faults.Count == 0, isFound = label is null;
        foreach (PfsRecord pfs in catalog.Records)
        {
            string shown = ByteText.Decode(pfs.Label);
            if (label is not null && shown != label) continue;
            isFound = true;
            var holds = new List<PfsHold>();
            isComplete &= PfsHolds.TryRead(pfs.AfterLabel, holds);
            foreach (PfsHold hold in holds)
                found(shown, ByteText.Decode(hold.Name.Span), DateTimeOffset.FromUnixTimeSeconds(hold.Time));
        }
        return isFound ? isComplete : throw Refused(Hammer2Error.NoEntry, ByteText.Encode(label!));
    }

    /// <summary>Changes the list of the filesystem that is not mounted.</summary>
    /// <exception cref="CommandException">It cannot be opened, or the change was refused.</exception>
    public void RunOffline(byte[] label, Func<PfsAdministration, Hammer2Error> change,
        Func<Hammer2Error, string?>? explain = null)
    {
        CheckLabel(label);
        VolumeSet volumes = MediaOptions.OpenForWriting(invocation, _spec!);
        Hammer2Error error = OfflinePfsAdministration.Open(
            volumes, TimeProvider.System, SystemRandom.NextBits, invocation.Loggers, out OfflinePfsAdministration? opened);
        if (error != Hammer2Error.None) throw Refused(error, label);
        using (opened) error = change(opened!.Pfses);
        if (error == Hammer2Error.None) return;
        throw explain?.Invoke(error) is { } reason
            ? new CommandException(ExitCode.Failed, $"{target}: {reason}")
            : Refused(error, label);
    }

    /// <summary>Makes a snapshot of a PFS that is not mounted.</summary>
    /// <exception cref="CommandException">It cannot be opened, or the snapshot was refused.</exception>
    public void SnapshotOffline(byte[] label)
    {
        CheckLabel(label);
        using ClusterMount mount = OpenPfs(_spec!.Label ?? MountSpec.DefaultLabel, []);
        Hammer2Error error = mount.Pfs.OpenForWriting();
        if (error == Hammer2Error.None)
        {
            var administration = new PfsAdministration(mount.Pfs, static _ => null, TimeProvider.System, SystemRandom.NextBits);
            error = administration.Snapshot(label);
        }
        if (error != Hammer2Error.None) throw Refused(error, label);
    }

    /// <summary>Rolls a PFS that is not mounted back to a snapshot or an older header.</summary>
    /// <param name="label">Label of the PFS.</param>
    /// <param name="snapshot">Label of the snapshot; empty when it is a header.</param>
    /// <param name="header">Which copy of the volume header; null when it is a snapshot.</param>
    /// <param name="devices">The other nodes of its cluster.</param>
    /// <returns>Label of the snapshot of the state before.</returns>
    /// <exception cref="CommandException">It cannot be opened, or was refused.</exception>
    public byte[] RollbackOffline(byte[] label, byte[] snapshot, int? header, IReadOnlyList<string> devices)
    {
        CheckLabel(label);
        if (header is null) CheckLabel(snapshot);
        using ClusterMount mount = OpenPfs(ByteText.Decode(label), devices);
        byte[] kept = [];
        string? why = null;
        Hammer2Error error = mount.Pfs.OpenForWriting();
        if (error == Hammer2Error.None && header is { } copy) error = ToHeader(mount.Pfs, copy, out kept, out why);
        else if (error == Hammer2Error.None)
            error = PfsRollback.Run(mount.Pfs, snapshot, TimeProvider.System, SystemRandom.NextBits, out kept);
        if (error == Hammer2Error.None) return kept;
        string? from = header is null ? ByteText.Decode(snapshot) : null;
        throw (why ?? RollbackText.Refusal(error, ByteText.Decode(label), from)) is { } reason
            ? new CommandException(ExitCode.Failed, $"{target}: {reason}")
            : Refused(error, label);
    }

    private static Hammer2Error ToHeader(Pfs pfs, int copy, out byte[] kept, out string? why)
    {
        kept = [];
        Hammer2Error error = HeaderSource.Open(
            pfs, copy, static () => false, out HeaderSource? source, out why);
        if (error != Hammer2Error.None) return error;
        using (source)
            return PfsRollback.RunToHeader(pfs, source!, TimeProvider.System, SystemRandom.NextBits, out kept);
    }

    /// <summary>Runs the schedule of snapshots of a PFS that is not mounted.</summary>
    /// <returns>What was done.</returns>
    /// <exception cref="CommandException">It cannot be opened, or could not do all.</exception>
    public IReadOnlyList<PlannedSnapshot> ScheduleOffline(ScheduleOptions options)
    {
        using ClusterMount mount = OpenPfs(_spec!.Label ?? MountSpec.DefaultLabel, []);
        Hammer2Error error = mount.Pfs.OpenForWriting();
        var administration = new PfsAdministration(
            mount.Pfs, static _ => null, TimeProvider.System, SystemRandom.NextBits);
        var scheduler = new SnapshotScheduler(mount.Pfs, change => change(administration), TimeProvider.System);
        if (error == Hammer2Error.None) error = scheduler.Run(options, static () => false);
        if (error == Hammer2Error.None) return scheduler.Done;
        throw ScheduleText.Refusal(error) is { } reason
            ? new CommandException(ExitCode.Failed, $"{target}: {reason}")
            : Refused(error, ByteText.Encode(scheduler.Failed ?? ""));
    }

    /// <summary>Changes objects of a PFS that is not mounted, and commits.</summary>
    /// <param name="devices">The other nodes of its cluster.</param>
    /// <param name="change">Changes them.</param>
    /// <exception cref="CommandException">It cannot be opened for writing, or the commit failed.</exception>
    public void ChangeOffline(IReadOnlyList<string> devices, Action<VnodeOps> change)
    {
        if (_spec is null)
            throw new CommandException(ExitCode.Usage, $"{target}: is a directory; name paths in a mount without this option");
        using ClusterMount mount = OpenPfs(_spec.Label ?? MountSpec.DefaultLabel, devices);
        Hammer2Error error = mount.Pfs.OpenForWriting();
        if (error != Hammer2Error.None) throw Refused(error, Label);
        var vnodes = new VnodeOps(mount.Pfs, invocation.Loggers.CreateLogger<VnodeOps>());
        change(vnodes);
        Errno failure = vnodes.Sync();
        if (failure != Errno.None)
            throw new CommandException(ExitCode.Failed, $"{target}: nothing was changed, the commit failed: {failure}");
    }

    private ClusterMount OpenPfs(string label, IReadOnlyList<string> devices)
    {
        var nodes = new List<VolumeSet> { MediaOptions.OpenForWriting(invocation, _spec!) };
        foreach (string device in devices)
            nodes.Add(MediaOptions.OpenForWriting(invocation, MediaOptions.Parse(device)));
        try
        {
            return OpenFilesystems.MountAlone(nodes, label,
                new ClusterMountOptions(new MediaSourceOptions(IsReadOnly: false)), invocation.Loggers);
        }
        catch (PfsException refusal)
        {
            throw new CommandException(ExitCode.CannotOpen, refusal.Message, refusal);
        }
    }

    private CommandException Refused(Hammer2Error error, byte[] label) => new(
        ExitCode.Failed, $"{target}: {PfsChangeText.Refusal(error, ByteText.Decode(label)) ?? error.ToString()}");

    private void CheckLabel(ReadOnlySpan<byte> label)
    {
        if (!PfsLabel.IsValid(label))
        {
            throw new CommandException(
                invocation.Row.UsageExitCode, $"a label has 1 to {MountSpec.LabelBytesMax} bytes, this has {label.Length}");
        }
    }
}
