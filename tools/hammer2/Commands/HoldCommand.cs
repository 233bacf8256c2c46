// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.PfsRoots;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Keeps a PFS or snapshot from being deleted, and ends that.</summary>
internal static class HoldCommand
{
    private static readonly ArgumentRow Label = new("LABEL", "label of the PFS or snapshot")
    {
        Completes = Completion.Label,
    };

    private static readonly ArgumentRow Name = new("NAME", "name of the hold, 1 to 63 characters of ASCII");

    public static readonly CommandRow Hold = new("hold", "keep a PFS or a snapshot from being deleted",
        static invocation => Run(invocation, isRelease: false))
    {
        Group = CommandGroup.Media,
        Description = """
            A PFS with a hold is not deleted, neither by pfs-delete nor by snapshot-schedule. It can have several, as far
            as they fit into its root, 256 bytes with its label. They stay with it when it is renamed; its snapshots do
            not have them. Other drivers do not know of holds, and can delete it. It may be mounted.
            """,
        Selects = SelectedPath.First,
        Arguments = [PfsTarget.Argument, Label, Name],
        Options = MediaOptions.All,
        Examples = [new("hammer2 hold /home release-1 audit", "keep a snapshot of the mounted filesystem")],
    };

    public static readonly CommandRow Release = new("release", "release a hold",
        static invocation => Run(invocation, isRelease: true))
    {
        Group = CommandGroup.Media,
        Description = "Without its last hold, the PFS can be deleted. hammer2 holds lists them.",
        Selects = SelectedPath.First,
        Arguments = [PfsTarget.Argument, Label, Name],
        Options = MediaOptions.All,
        Examples = [new("hammer2 release disk.img release-1 audit", "the same for devices that are not mounted")],
    };

    private static int Run(Invocation invocation, bool isRelease)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        string label = invocation.Text(Label), name = invocation.Text(Name);
        if (target.IsMount)
        {
            _ = target.Request(isRelease ? "release" : "hold", ("label", label), ("name", name));
            return ExitCode.Ok;
        }
        byte[] labelBytes = ByteText.Encode(label), nameBytes = ByteText.Encode(name);
        target.RunOffline(labelBytes,
            pfses => isRelease ? pfses.Release(labelBytes, nameBytes) : pfses.Hold(labelBytes, nameBytes),
            error => HoldText.Refusal(error, label, name));
        return ExitCode.Ok;
    }
}
