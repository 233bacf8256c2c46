// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using System.Linq;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.Tool.Commands;

/// <summary>Tells what a device is, for people and for udev.</summary>
internal static class ProbeCommand
{
    private static readonly ArgumentRow Device = new("DEVICE", "a block device, or a file")
    {
        Completes = Completion.File,
    };

    private static readonly OptionRow Udev =
        new("--udev", "print properties of the device, ID_FS_TYPE and others, as udev imports them");

    public static readonly CommandRow Row = new("probe", "tell whether a device has a HAMMER2 volume", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Reads the volume header of a device that may be in use, and prints which volume of which filesystem it is,
            and the label of the PFS that is mounted when none is named.

            udev's rule 64-hammer2.rules calls this for devices on which blkid finds nothing, so that UUID= and LABEL=
            work in fstab, and lsblk and desktops know the filesystem. The label is given where the device has the
            whole filesystem. With --udev nothing is printed, and the exit code is 3, for a device without a volume, and
            for a disk on which it lies in a partition, unless DragonFly's label is the only partition table: Linux has
            no device for such a partition, and the mount finds it.
            """,
        Arguments = [Device],
        Options = [Udev, MediaOptions.Offset, MediaOptions.Partition],
        Examples =
        [
            new("hammer2 probe /dev/sdb1", "what is on a partition"),
            new("hammer2 probe --udev /dev/sdb1", "what udev is told"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string path = invocation.Text(Device);
        MediaSourceOptions options = MediaOptions.Read(invocation);
        ProbedVolume probed;
        try
        {
            probed = VolumeProbe.ReadOrRefuse(path, options);
        }
        catch (MediaException failure) when (invocation.Has(Udev)
            && failure is NotHammer2Exception or PartitionException)
        {
            return ExitCode.CannotOpen;
        }
        catch (MediaException failure)
        {
            throw new CommandException(ExitCode.CannotOpen, failure.Message, failure);
        }
        // Volumes of one filesystem have the label together.
        byte[]? label = probed.VolumesTotal == 1 ? LabelOf(path, options) : null;
        if (!invocation.Has(Udev))
        {
            Write(invocation, path, probed, label);
            return ExitCode.Ok;
        }
        if (!HasDeviceOfItsOwn(probed)) return ExitCode.CannotOpen;
        WriteProperties(invocation.Terminal.Out, probed, label);
        return ExitCode.Ok;
    }

    /// <summary>Partitions of DragonFly's label have a letter, those that Linux has devices for more than that.</summary>
    private static bool HasDeviceOfItsOwn(in ProbedVolume probed) => probed.Partition is null or { Length: 1 };

    // Damage hides PFSs, so that none is chosen.
    private static byte[]? LabelOf(string path, MediaSourceOptions options)
    {
        try
        {
            using VolumeSet volumes = MediaSource.Open([path], options, NullLogger.Instance);
            PfsCatalog catalog = PfsCatalog.Read(volumes);
            return catalog.Faults.Count > 0 ? null : DefaultPfs.Choose(catalog.Records.Select(static pfs =>
                new PfsChoice(pfs.Label, pfs.Meta.PfsType, pfs.Meta.PfsSubtype)));
        }
        catch (MediaException)
        {
            return null;
        }
    }

    private static void Write(Invocation invocation, string path, in ProbedVolume probed, byte[]? label)
    {
        using Report report = invocation.OpenReport();
        report.Value("device", "device", Cell.Text(NameText.Escape(path)));
        if (probed.Partition is { } partition) report.Value("partition", "partition", Cell.Text(partition));
        report.Value("fsid", "filesystem id", Cell.Text(probed.Volume.FilesystemId.ToString()));
        report.Value("version", "format version", Cell.Number(probed.Version));
        report.Value("volume", "volume", Cell.Number(probed.Volume.Index));
        report.Value("volumes", "volumes", Cell.Number(probed.VolumesTotal));
        report.Value("label", "label", label is null ? Cell.Absent : Cell.Text(NameText.Escape(label)));
    }

    private static void WriteProperties(TextWriter output, in ProbedVolume probed, byte[]? label)
    {
        string id = probed.Volume.FilesystemId.ToString();
        Line(output, "ID_FS_TYPE", "hammer2");
        Line(output, "ID_FS_USAGE", "filesystem");
        Line(output, "ID_FS_MOUNTTYPE", "hammer2");
        Line(output, "ID_FS_VERSION", string.Create(null, $"{probed.Version}"));
        Line(output, "ID_FS_UUID", id);
        Line(output, "ID_FS_UUID_ENC", id);
        if (probed.VolumesTotal > 1)
        {
            string volume = string.Create(null, $"{id}-{probed.Volume.Index}");
            Line(output, "ID_FS_UUID_SUB", volume);
            Line(output, "ID_FS_UUID_SUB_ENC", volume);
        }
        if (label is null) return;
        Line(output, "ID_FS_LABEL", UdevText.Safe(label));
        Line(output, "ID_FS_LABEL_ENC", UdevText.Encode(label));
    }

    // udev reads lines that end with a line feed.
    private static void Line(TextWriter output, string key, string value) => output.Write($"{key}={value}\n");
}
