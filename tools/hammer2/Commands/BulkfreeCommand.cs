// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Transactions;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Newfs;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Frees the blocks of deleted files, on a mounted or unmounted filesystem.</summary>
internal static class BulkfreeCommand
{
    private static readonly ArgumentRow Target =
        new("VOLUME", "all devices of a filesystem, DEVICE[:DEVICE...]; or the directory where it is mounted")
        {
            Completes = Completion.File,
        };

    private static readonly OptionRow NoDiscard =
        new("--no-discard", "do not discard freed blocks; for a mounted filesystem use the mount option");

    private static readonly OptionRow Memory =
        new("--memory", "accepted from upstream's scripts and not needed")
        {
            Short = "-m",
            ValueName = "BYTES",
        };

    public static readonly CommandRow Row = new("bulkfree", "free the blocks of deleted files", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Deleting a file only removes references. This command walks all blocks that are reachable from any
            PFS or snapshot, twice, and frees the blocks that neither walk reached. A volume header is written
            after each walk, so that a power failure at any moment leaves a consistent filesystem. A block that
            cannot be read ends the command and nothing is freed, because blocks below it may be in use.

            Freed blocks are discarded (TRIM) on devices that support it. When the filesystem is mounted for
            writing, give the mount point: the mount frees the blocks while it is in use, for the user that
            mounted it, and for root where it may enter the mount. A mount also does this by itself when space runs low.

            Memory, beside that of a mount: 8 KiB for each GiB of the filesystem, at most 64 MiB, and 128 KiB for
            each GiB of inodes and references, at most 40 MiB. A filesystem of more than 8 TiB is walked once
            for each 8 TiB.
            """,
        Arguments = [Target],
        Options = [NoDiscard, Memory, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 bulkfree disk.img", "free the blocks of deleted files"),
            new("hammer2 bulkfree /mnt", "the same for a mounted filesystem"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string target = invocation.Text(Target);
        if (invocation.Text(Memory) is { } memory) _ = SizeText.Parse(Memory, memory);
        invocation.Interrupted = static () => "blocks freed so far stay free, run it again for the rest";
        return LinuxPath.IsDirectory(target) ? RunMounted(invocation, target) : RunOffline(invocation, target);
    }

    private static int RunMounted(Invocation invocation, string directory)
    {
        if (invocation.Has(NoDiscard) || invocation.Text(MediaOptions.Partition) is not null
            || invocation.Number(MediaOptions.Offset) is not null || invocation.Has(MediaOptions.Salvage))
        {
            throw new CommandException(ExitCode.Usage,
                $"{directory}: is a directory; options for the devices of a mount are given when mounting");
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
        throw new CommandException(ExitCode.Failed, $"{name}: {error}; only the listed blocks were freed");
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
