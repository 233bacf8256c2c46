// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.IO;
using System.Security.Cryptography;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Snapshots.Streams;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Makes a snapshot of a stream.</summary>
internal static class ReceiveCommand
{
    private const int JsonVersion = 1;

    private static readonly ArgumentRow Target = new("VOLUME",
        "all devices of a filesystem that is not mounted, DEVICE[:DEVICE...], with @LABEL for another label")
    {
        Completes = Completion.File,
    };

    private static readonly OptionRow From = new("--input", "read from a file, and not from standard input")
    {
        ValueName = "FILE",
        Completes = Completion.File,
    };

    public static readonly CommandRow Row = new("receive", "make a snapshot of a stream that 'send' wrote", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            The snapshot has the label of the one that was sent, unless another one is given, and ids of its own. It is there
            after the last record, or not at all: a stream that is cut, damaged or does not fit changes nothing. An increment
            needs the snapshot that it was made from, received here and not changed since.

            The filesystem must not be mounted.
            """,
        Arguments = [Target],
        Options = [From, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 send disk.img@monday | hammer2 receive /dev/sdb1", "copy a snapshot to another device"),
            new("hammer2 receive /dev/sdb1@home.tuesday --input tuesday.stream", "from a file, with another label"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string text = invocation.Text(Target);
        if (LinuxPath.IsDirectory(text))
            throw new CommandException(ExitCode.CannotOpen, $"{text}: is a directory; streams are received on devices that are "
                + "not mounted");
        MountSpec spec = MediaOptions.Parse(text);
        byte[]? label = spec.Label is { } given ? ByteText.Encode(given) : null;
        try
        {
            using Stream from = invocation.Text(From) is { } path
                ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20)
                : new BufferedStream(Console.OpenStandardInput(), 1 << 20);
            VolumeSet volumes = MediaOptions.OpenForWriting(invocation, spec);
            StreamIdentity received =
                SnapshotReceiver.Receive(volumes, from, label, TimeProvider.System, RandomBits, invocation.Loggers);
            using Report report = invocation.OpenReport();
            report.Detail("version", Cell.Number(JsonVersion));
            report.Value("received", "received", Cell.Text(NameText.Escape(label ?? received.Label)));
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

    private static ulong RandomBits() =>
        BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
