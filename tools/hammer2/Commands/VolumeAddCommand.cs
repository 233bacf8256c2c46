// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text.Json;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Newfs;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Adds a volume to a filesystem, mounted or not.</summary>
internal static class VolumeAddCommand
{
    private static readonly ArgumentRow Where = new("WHERE",
        "a directory in a mount, or all devices of a filesystem that is not mounted, DEVICE[:DEVICE...]")
    {
        Completes = Completion.File,
    };

    private static readonly ArgumentRow Added = new("DEVICE", "a block device or an image file on which nothing is")
    {
        Completes = Completion.File,
    };

    private static readonly OptionRow Size = new("--size", "the length of the volume; that of its device unless given")
    {
        ValueName = "SIZE",
    };

    public static readonly CommandRow Row = new("volume-add", "add a volume to a filesystem", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Adds a device as the last volume of a filesystem, rounded down to 8 MiB, and returns when that is durable. A
            mounted filesystem stays in use; of a mounted cluster the first node gets it. All devices have to be named
            from then on where the filesystem is mounted, in fstab too. A volume cannot be removed again.

            The device is rejected when it is in use or has content, and the filesystem when its format is version 1 or
            it has 64 volumes. Every volume but the last has whole GiB: the present last one uses its device up to the
            next GiB if that is long enough, and gives up what follows its last whole GiB otherwise, which must be free.

            After a power failure meanwhile the filesystem is without the volume, or with it. Without it, the device has
            a header that does not count, which is erased when the filesystem is opened for writing with it.
            """,
        Arguments = [Where, Added],
        Options = [Size, .. MediaOptions.All],
        Selects = SelectedPath.First,
        HasUnits = true,
        Examples =
        [
            new("hammer2 volume-add /mnt /dev/sdc1", "add a disk to the mounted filesystem"),
            new("hammer2 volume-add /mnt nbd://s1/disk", "add an export of a server"),
            new("hammer2 volume-add --size 20g a.img b.img", "add a file to a filesystem that is not mounted"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        invocation.Interrupted = static () => "the filesystem is as it was, or has the volume; 'hammer2 info' tells";
        string where = invocation.Text(Where), device = DeviceOpener.FullName(invocation.Text(Added));
        ulong size = invocation.Text(Size) is { } text ? SizeText.Parse(Size, text) : 0;
        AdditionOutcome added = MediaOptions.IsMount(where)
            ? AddLive(where, device, size)
            : AddOffline(invocation, where, device, size);
        if (!invocation.Has(CommonOptions.Json))
        {
            invocation.Terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{ByteText.ToPrintable(where)} has volume {added.Index} of {added.LengthBytes} bytes, at byte "
                + $"{added.StartBytes} of the filesystem"));
            return ExitCode.Ok;
        }
        using Report report = invocation.OpenReport();
        report.Value("id", "volume", Cell.Number(added.Index));
        report.Value("start", "start", Cell.Bytes(added.StartBytes));
        report.Value("size", "size", Cell.Bytes(added.LengthBytes));
        report.Value("totalSize", "size of the filesystem", Cell.Bytes(added.TotalBytes));
        return ExitCode.Ok;
    }

    private static AdditionOutcome AddLive(string where, string device, ulong size)
    {
        JsonElement result = ControlFile.Request(where, "volume-add", ("device", device),
            ("size", size.ToString(CultureInfo.InvariantCulture)));
        return new AdditionOutcome(result.GetProperty("id").GetInt32(), result.GetProperty("startBytes").GetUInt64(),
            result.GetProperty("lengthBytes").GetUInt64(), result.GetProperty("totalBytes").GetUInt64(), null);
    }

    private static AdditionOutcome AddOffline(Invocation invocation, string where, string device, ulong size)
    {
        VolumeSet volumes = MediaOptions.OpenForWriting(invocation, MediaOptions.Parse(where));
        try
        {
            Hammer2Error error = FilesystemAddition.RunOffline(
                volumes, device, size, invocation.Loggers, out AdditionOutcome outcome);
            return error == Hammer2Error.None
                ? outcome
                : throw new CommandException(ExitCode.Failed, $"{where}: {AdditionText.Refusal(error, outcome)}");
        }
        catch (MediaException refusal)
        {
            throw new CommandException(ExitCode.CannotOpen, refusal.Message, refusal);
        }
    }
}
