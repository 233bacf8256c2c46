// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
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

/// <summary>Makes filesystems larger, mounted or not.</summary>
internal static class GrowCommand
{
    private const int Invalid = 22;             // EINVAL

    private static readonly ArgumentRow Targets = new("WHERE",
        "directories in mounts, or all devices of a filesystem that is not mounted, DEVICE[:DEVICE...]; . when left out")
    {
        IsOptional = true,
        Repeats = true,
        Completes = Completion.File,
    };

    private static readonly OptionRow Size = new("--size",
        "the length of the last volume, at most that of its device, which is the default")
    {
        ValueName = "SIZE",
    };

    private static readonly OptionRow Node = new(
        "--node", "of a mounted cluster the node that grows, from 0; the first when left out")
    {
        ValueName = "N",
    };

    public static readonly CommandRow Row = new("growfs", "make a filesystem larger", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Makes the last volume of a filesystem as long as its device has become, or as --size says, rounded down to 8
            MiB, and returns when that is durable. A mounted filesystem stays in use; of a mounted cluster the first node
            grows, or that of --node. After a power failure meanwhile it is as it was, or larger. A filesystem cannot
            become smaller.
            """,
        Arguments = [Targets],
        Options = [Size, Node, .. MediaOptions.All],
        Selects = SelectedPath.WhenAlone,
        HasUnits = true,
        Examples =
        [
            new("hammer2 growfs /mnt", "use all of a partition that was made larger"),
            new("truncate -s 20g disk.img && hammer2 growfs disk.img",
                "make a filesystem in a file larger, which is not mounted"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        invocation.Interrupted = static () => "the filesystem is as it was, or larger; 'hammer2 info' tells";
        ulong size = invocation.Text(Size) is { } text ? SizeText.Parse(Size, text) : 0;
        IReadOnlyList<string> targets = invocation.Texts(Targets);
        if (targets.Count == 0) targets = ["."];
        bool isJson = invocation.Has(CommonOptions.Json);
        int code = ExitCode.Ok;
        using Report? report = isJson ? invocation.OpenReport() : null;
        report?.BeginTable("filesystems", new Column("name", "NAME"), new Column("size", "SIZE"),
            new Column("isChanged", "GROWN"));
        foreach (string target in targets)
        {
            try
            {
                (ulong length, bool isChanged) = Grow(invocation, target, size);
                report?.Row(Cell.Text(target), Cell.Bytes(length), Cell.Flag(isChanged));
                if (!isJson) invocation.Terminal.Out.WriteLine(LineOf(target, length, isChanged));
            }
            catch (CommandException failure)
            {
                invocation.Warn($"grow {failure.Message}");
                code = Math.Max(code, failure.Code);
            }
        }
        report?.EndTable();
        return code;
    }

    private static (ulong Length, bool IsChanged) GrowNode(string target, ulong node, ulong size)
    {
        if (!MediaOptions.IsMount(target))
            throw new CommandException(ExitCode.Usage, $"{target}: --node is for mounts");
        JsonElement result = ControlFile.Request(target, "growfs",
            ("node", node.ToString(CultureInfo.InvariantCulture)), ("size", size.ToString(CultureInfo.InvariantCulture)));
        return (result.GetProperty("lengthBytes").GetUInt64(), result.GetProperty("isChanged").GetBoolean());
    }

    private static string LineOf(string target, ulong length, bool isChanged)
    {
        string shown = ByteText.ToPrintable(target);
        return isChanged ? $"{shown} grown to {length} bytes" : $"{shown} no size change - {length} bytes";
    }

    private static (ulong Length, bool IsChanged) Grow(Invocation invocation, string target, ulong size)
    {
        if (invocation.Number(Node) is { } node) return GrowNode(target, node, size);
        if (MediaOptions.IsMount(target))
        {
            var record = new GrowRecord { LengthBytes = size };
            MountIoctl.Call(target, IoctlCommand.Grow, ref record, static error => error == Invalid
                ? "failed: its device is not that long, or the filesystem would become smaller" : null);
            return (record.LengthBytes, record.IsChanged != 0);
        }
        VolumeSet volumes = MediaOptions.OpenForWriting(invocation, MediaOptions.Parse(target));
        Hammer2Error error = FilesystemGrowth.RunOffline(
            volumes, size, invocation.Loggers, out GrowthOutcome outcome);
        return error == Hammer2Error.None
            ? (outcome.LengthBytes, outcome.IsChanged)
            : throw new CommandException(ExitCode.Failed, $"{target} failed: {outcome.Refusal ?? error.ToString()}");
    }
}
