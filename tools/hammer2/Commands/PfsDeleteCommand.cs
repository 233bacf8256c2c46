// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Deletes a PFS or snapshot of a filesystem, mounted or not.</summary>
internal static class PfsDeleteCommand
{
    private static readonly ArgumentRow Label = new("LABEL", "its label")
    {
        Completes = Completion.Label,
    };

    private static readonly OptionRow Force = new(
        "--force", "also when files in it are open below .hammer2/snapshots: they cannot be read any more")
    {
        Short = "-f",
    };

    public static readonly CommandRow Row = new("pfs-delete", "delete a PFS or a snapshot", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Deletes a PFS that is not mounted, with everything in it that no other PFS or snapshot shares. There is no
            way back. One that is held is not deleted: see hammer2 holds. Its space is free after bulkfree, which a
            mount runs by itself when space runs low. On a mounted cluster it is deleted on every node. A snapshot is
            kept while files or directories in it are open below .hammer2/snapshots of a mount.
            """,
        Arguments = [PfsTarget.Argument, Label],
        Selects = SelectedPath.First,
        Options = [Force, .. MediaOptions.All],
        Examples = [new("hammer2 pfs-delete /home before-upgrade", "delete a snapshot of the filesystem")],
    };

    private static int Run(Invocation invocation)
    {
        var target = new PfsTarget(invocation, invocation.Text(PfsTarget.Argument));
        byte[] label = ByteText.Encode(invocation.Text(Label));
        if (target.IsMount)
        {
            _ = target.Request("pfs-delete",
                ("label", ByteText.Decode(label)), ("force", invocation.Has(Force) ? "yes" : "no"));
        }
        else target.RunOffline(label, pfses => pfses.Delete(label, out _));
        return ExitCode.Ok;
    }
}
