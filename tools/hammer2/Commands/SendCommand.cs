// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using Hammer2.Snapshots;
using Hammer2.Snapshots.Streams;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.Snapshots;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Writes a snapshot, or what changed since another one, as a stream.</summary>
internal static class SendCommand
{
    private const int JsonVersion = 1;

    private static readonly ArgumentRow Source = new("SNAPSHOT", "the snapshot or PFS: " + TreeArgument.Forms)
    {
        Completes = Completion.File,
    };

    private static readonly OptionRow From =
        new("--from", "send only what differs from this snapshot of the same filesystem, which the receiver has")
        {
            ValueName = "LABEL",
        };

    private static readonly OptionRow To = new("--output", "write to a new file, and not to standard output")
    {
        ValueName = "FILE",
        Completes = Completion.File,
    };

    private static readonly OptionRow Continue = new("--continue", "complete a file that such a command left unfinished")
    {
        ValueName = "FILE",
        Completes = Completion.File,
    };

    private static readonly OptionRow DryRun = new("--dry-run", "write nothing and print the size of the stream");

    public static readonly CommandRow Row = new("send", "write a snapshot as a stream, whole or what changed since another", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            File data is sent as it is stored, with its check codes. Blocks that the stream or the receiver's copy of the other
            snapshot has already are sent as references. Any snapshot of the filesystem that is not newer may be the other one.
            Snapshots of a mounted filesystem are held meanwhile ("hammer2 holds" shows send-NUMBER-TIME; release it if the
            command was killed). A PFS that is mounted is sent as of its last commit; if it changes for long meanwhile,
            sending may end with an error.

            The stream of a snapshot is always the same, so that --continue can complete a file: whole records stay, the rest is
            written. The format is described in docs/STREAM.md.
            """,
        Arguments = [Source],
        Options = [From, To, Continue, DryRun, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 send /home@monday | ssh backup hammer2 receive /dev/sdb1", "copy a snapshot to another machine"),
            new("hammer2 send /home@tuesday --from monday --output tuesday.stream", "what changed since, into a file"),
            new("hammer2 send /home@tuesday --from monday --dry-run", "how long that would be"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        TreeArgument argument = TreeArgument.Parse(invocation.Text(Source));
        TreeArgument? from = invocation.Text(From) is { } label
            ? new TreeArgument(null, label.StartsWith('@') ? label[1..] : label, label)
            : null;
        using SendHold? hold = Hold(invocation, argument, from);
        using SnapshotFilesystem filesystem = argument.Open(invocation);
        PfsTree source = argument.Find(filesystem);
        PfsTree? ancestor = from?.Find(filesystem);
        try
        {
            return Send(invocation, filesystem, source, ancestor);
        }
        catch (StreamException failure)
        {
            throw new CommandException(ExitCode.Failed, $"{argument.Origin}: {failure.Message}", failure);
        }
        catch (IOException failure) when (invocation.Text(To) is not null || invocation.Text(Continue) is not null)
        {
            throw new CommandException(ExitCode.Failed, failure.Message, failure);
        }
    }

    // A PFS that is mounted cannot be deleted.
    private static SendHold? Hold(Invocation invocation, TreeArgument source, TreeArgument? ancestor)
    {
        if (source.Directory is null) return null;
        var labels = new List<string>();
        foreach (string? label in (ReadOnlySpan<string?>)[source.Label, ancestor?.Label])
            if (label is not null && label != source.MountedLabel && !labels.Contains(label)) labels.Add(label);
        var hold = new SendHold(invocation, source.Directory, labels);
        invocation.Interrupted = () =>
        {
            hold.Dispose();
            return "the stream is incomplete";
        };
        return hold;
    }

    private static int Send(Invocation invocation, SnapshotFilesystem filesystem, PfsTree source, PfsTree? ancestor)
    {
        long bytes;
        if (invocation.Has(DryRun))
        {
            bytes = SnapshotSender.Send(filesystem, source, ancestor, to: null);
        }
        else if (invocation.Text(Continue) is { } begun)
        {
            bytes = Complete(begun, filesystem, source, ancestor);
        }
        else if (invocation.Text(To) is { } path)
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 20);
            bytes = SnapshotSender.Send(filesystem, source, ancestor, file);
            file.Flush(flushToDisk: true);
        }
        else
        {
            if (invocation.Terminal.OutputIsTerminal)
                throw new CommandException(ExitCode.Usage, "a stream is not for a terminal; redirect it, or use --output");
            using var buffered = new BufferedStream(invocation.Terminal.Output, 1 << 20);
            _ = SnapshotSender.Send(filesystem, source, ancestor, buffered);
            buffered.Flush();
            return ExitCode.Ok;
        }
        using Report report = invocation.OpenReport();
        report.Detail("version", Cell.Number(JsonVersion));
        report.Value("streamBytes", "stream", Cell.Bytes((ulong)bytes));
        return ExitCode.Ok;
    }

    private static long Complete(string path, SnapshotFilesystem filesystem, PfsTree source, PfsTree? ancestor)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, 1 << 20);
        StreamProgress before = StreamProgress.Of(file);
        if (file.Length > 0 && before.Identity is null && before.Records == 0 && file.Length > (1 << 10))
            throw new CommandException(ExitCode.Failed, $"{ByteText.ToPrintable(path)}: is not a HAMMER2 stream");
        if (!before.IsComplete) file.SetLength(before.BytesTotal);
        file.Position = before.BytesTotal;
        long bytes = SnapshotSender.Send(filesystem, source, ancestor, file, before);
        file.Flush(flushToDisk: true);
        return bytes;
    }
}
