// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Cluster;
using Hammer2.Cluster.Changes;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Gives the space of what was deleted back, on a filesystem that is not mounted.</summary>
internal static class BulkfreeCommand
{
    private static readonly OptionRow Discard =
        new("--discard", "have the devices give up what became free (TRIM)");

    public static readonly CommandRow Row = new("bulkfree", "give the space of what was deleted back", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Deleting only takes a reference away. This walks over everything that any PFS or snapshot leads to, twice,
            and frees what neither walk reached; a volume header is written after each, so that the filesystem is
            whole wherever power fails. A block that cannot be read ends it, and nothing is freed: what is below that
            block might still be needed.

            The filesystem must not be mounted for writing. A mount does the same by itself when space runs low.
            """,
        Arguments = [MediaOptions.Volume],
        Options = [Discard, .. MediaOptions.All],
        HasUnits = true,
        Examples = [new("hammer2 bulkfree disk.img", "free what was deleted")],
    };

    private static int Run(Invocation invocation)
    {
        MountSpec spec = MediaOptions.Parse(invocation.Text(MediaOptions.Volume));
        VolumeSet volumes = MediaOptions.OpenForWriting(invocation, spec);
        string name = volumes.Name;
        var options = new ReclaimOptions(invocation.Has(Discard), CancellationToken.None);
        Hammer2Error error = OfflineReclaim.Run(volumes, options, invocation.Loggers, out ReclaimResult result);
        using (Report report = invocation.OpenReport())
        {
            report.Value("name", "devices", Cell.Text(name));
            report.Value("freed", "freed", Cell.Bytes((ulong)result.FreedBytes));
            report.Value("staged", "staged", Cell.Bytes((ulong)result.StagedBytes));
            report.Value("repaired", "repaired", Cell.Bytes((ulong)result.RepairedBytes));
        }
        if (error == Hammer2Error.None) return result.RepairedBytes == 0 ? ExitCode.Ok : ExitCode.Damage;
        throw new CommandException(ExitCode.Failed, $"{name}: {error}; nothing was freed that is not listed");
    }
}
