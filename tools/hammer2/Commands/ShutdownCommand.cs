// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Ends writing on a mount at once.</summary>
internal static class ShutdownCommand
{
    private static readonly ArgumentRow Target = new("MOUNT", "a directory in the mount")
    {
        Completes = Completion.Directory,
    };

    public static readonly CommandRow Row = new("shutdown", "end writing on a mount at once", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Nothing more is written to the devices: changes fail with EIO, and what was not synced is lost, as in a power
            failure. It is for tests of programs that must survive one, and for devices that must not be written any more.
            What is there can be read until it is unmounted; the next mount shows the last commit. Other mounts of the
            filesystem go on. The ioctl FS_IOC_SHUTDOWN, as of 'xfs_io -x -c shutdown', does the same, with all of its flags:
            FUSE does not pass them on. To keep everything, run sync first, or unmount instead.
            """,
        Arguments = [Target],
        Selects = SelectedPath.WhenAlone,
        Examples = [new("hammer2 shutdown /mnt && umount /mnt", "see what a program has made durable")],
    };

    private static int Run(Invocation invocation)
    {
        string reason = ControlFile.Request(invocation.Text(Target), "shutdown").GetProperty("stopReason").GetString()!;
        using Report report = invocation.OpenReport();
        report.Value("stopReason", "writing has stopped", Cell.Text(reason));
        return ExitCode.Ok;
    }
}
