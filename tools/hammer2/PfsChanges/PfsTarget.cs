// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Security.Cryptography;
using Hammer2.Cluster;
using Hammer2.Cluster.PfsRoots;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Linux.Text;

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

    /// <summary>Changes the list of the filesystem that is not mounted.</summary>
    /// <exception cref="CommandException">It cannot be opened, or the change was refused.</exception>
    public void RunOffline(byte[] label, Func<PfsAdministration, Hammer2Error> change)
    {
        CheckLabel(label);
        VolumeSet volumes = MediaOptions.OpenForWriting(invocation, _spec!);
        Hammer2Error error = OfflinePfsAdministration.Open(
            volumes, TimeProvider.System, RandomBits, invocation.Loggers, out OfflinePfsAdministration? opened);
        if (error != Hammer2Error.None) throw Refused(error, label);
        using (opened) error = change(opened!.Pfses);
        if (error != Hammer2Error.None) throw Refused(error, label);
    }

    /// <summary>Makes a snapshot of a PFS that is not mounted.</summary>
    /// <exception cref="CommandException">It cannot be opened, or the snapshot was refused.</exception>
    public void SnapshotOffline(byte[] label)
    {
        CheckLabel(label);
        VolumeSet volumes = MediaOptions.OpenForWriting(invocation, _spec!);
        using ClusterMount mount = OpenPfs(volumes);
        Hammer2Error error = mount.Pfs.OpenForWriting();
        if (error == Hammer2Error.None)
        {
            var administration = new PfsAdministration(mount.Pfs, static _ => null, TimeProvider.System, RandomBits);
            error = administration.Snapshot(label);
        }
        if (error != Hammer2Error.None) throw Refused(error, label);
    }

    private ClusterMount OpenPfs(VolumeSet volumes)
    {
        try
        {
            return OpenFilesystems.MountAlone([volumes], _spec!.Label ?? MountSpec.DefaultLabel,
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

    private static ulong RandomBits() =>
        BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
