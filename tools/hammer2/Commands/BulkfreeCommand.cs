// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Gives the space of what was deleted back, on a mounted filesystem or one that is not.</summary>
internal static class BulkfreeCommand
{
    private static readonly ArgumentRow Target =
        new("VOLUME", "all devices of a filesystem, DEVICE[:DEVICE...]; or the directory where it is mounted")
        {
            Completes = Completion.File,
        };

    private static readonly OptionRow NoDiscard =
        new("--no-discard", "leave what became free on the devices; a mount has an option for that");

    public static readonly CommandRow Row = new("bulkfree", "give the space of what was deleted back", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Deleting only takes a reference away. This walks over everything that any PFS or snapshot leads to, twice,
            and frees what neither walk reached; a volume header is written after each, so that the filesystem is
            whole wherever power fails. A block that cannot be read ends it, and nothing is freed: what is below that
            block might still be needed.

            What became free is given up (TRIM) by devices that can. Where the filesystem is mounted for writing, name
            the directory: the mount does it while it goes on, for root and for the user who mounted. It does the same
            by itself when space runs low.
            """,
        Arguments = [Target],
        Options = [NoDiscard, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 bulkfree disk.img", "free what was deleted"),
            new("hammer2 bulkfree /mnt", "the same while it is mounted there"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string target = invocation.Text(Target);
        invocation.Interrupted = static () => "what was freed until now is free, run it again for the rest";
        return LinuxPath.IsDirectory(target) ? RunMounted(invocation, target) : RunOffline(invocation, target);
    }

    private static int RunMounted(Invocation invocation, string directory)
    {
        if (invocation.Has(NoDiscard) || invocation.Text(MediaOptions.Partition) is not null
            || invocation.Number(MediaOptions.Offset) is not null || invocation.Has(MediaOptions.Salvage))
        {
            throw new CommandException(ExitCode.Usage,
                $"{directory}: is a directory; how the devices of a mount are used was said when it was mounted");
        }
        BulkfreeRecord record = default;
        MountIoctl.Call(directory, IoctlCommand.BulkfreeScan, ref record);
        Write(invocation, directory, record.FreedBytes, record.FragmentedBytes, record.AllocatedBytes);
        return record.AllocatedBytes == 0 ? ExitCode.Ok : ExitCode.Damage;
    }

    private static int RunOffline(Invocation invocation, string target)
    {
        MountSpec spec = MediaOptions.Parse(target);
        VolumeSet volumes = MediaOptions.OpenForWriting(invocation, spec);
        string name = volumes.Name;
        var options = new ReclaimOptions(Discards: !invocation.Has(NoDiscard));
        Hammer2Error error = OfflineReclaim.Run(volumes, options, invocation.Loggers, out ReclaimResult result);
        Write(invocation, name, (ulong)result.FreedBytes, (ulong)result.StagedBytes, (ulong)result.RepairedBytes);
        if (error == Hammer2Error.None) return result.RepairedBytes == 0 ? ExitCode.Ok : ExitCode.Damage;
        throw new CommandException(ExitCode.Failed, $"{name}: {error}; nothing was freed that is not listed");
    }

    private static void Write(Invocation invocation, string name, ulong freed, ulong staged, ulong repaired)
    {
        using Report report = invocation.OpenReport();
        report.Value("name", "devices", Cell.Text(name));
        report.Value("freed", "freed", Cell.Bytes(freed));
        report.Value("staged", "staged", Cell.Bytes(staged));
        report.Value("repaired", "repaired", Cell.Bytes(repaired));
    }
}
