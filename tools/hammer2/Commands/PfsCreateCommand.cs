// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Creates a PFS on a filesystem, mounted or not.</summary>
internal static class PfsCreateCommand
{
    private static readonly ArgumentRow Label = new("LABEL", "its label");

    private static readonly OptionRow Type = new("--type", "its type; master unless given")
    {
        Short = "-t",
        ValueName = "TYPE",
        Choices = ["cache", "slave", "soft_slave", "soft_master", "master", "dummy"],
    };

    private static readonly OptionRow ClusterId = new("--cluster-id", "the cluster that it becomes a node of")
    {
        Short = "-u",
        ValueName = "UUID",
    };

    public static readonly CommandRow Row = new("pfs-create", "create a PFS", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Creates an empty PFS, which is mounted by its label. It is durable when the command returns. On a mounted
            cluster it is created on every node, with one cluster id.
            """,
        Arguments = [PfsTarget.Argument, Label],
        Selects = SelectedPath.First,
        Options = [Type, ClusterId, .. MediaOptions.All],
        Examples = [new("hammer2 pfs-create /mnt home", "create a PFS on the filesystem that is mounted there")],
    };

    private static int Run(Invocation invocation)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        byte[] label = ByteText.Encode(invocation.Text(Label));
        PfsType type = TypeOf(invocation.Text(Type));
        MediaUuid? cluster = invocation.Text(ClusterId) is { } text ? Parse(invocation, text) : null;
        if (target.IsMount)
        {
            var record = new PfsIoctlRecord { Type = type, ClusterId = cluster ?? default };
            target.Call(IoctlCommand.PfsCreate, record, label);
        }
        else
        {
            target.RunOffline(label, pfses => pfses.Create(label, type, cluster));
        }
        return ExitCode.Ok;
    }

    private static PfsType TypeOf(string? name) => name switch
    {
        "cache" => PfsType.Cache,
        "slave" => PfsType.Slave,
        "soft_slave" => PfsType.SoftSlave,
        "soft_master" => PfsType.SoftMaster,
        "dummy" => PfsType.Dummy,
        _ => PfsType.Master,
    };

    private static MediaUuid Parse(Invocation invocation, string text) =>
        Guid.TryParse(text, out Guid id)
            ? MediaUuid.From(id)
            : throw new CommandException(invocation.Row.UsageExitCode, $"{text}: not a UUID");
}
