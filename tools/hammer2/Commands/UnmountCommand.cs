// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Commands;

/// <summary>Unmounts.</summary>
internal static class UnmountCommand
{
    private static readonly ArgumentRow Targets = new("DIR", "where it is mounted")
    {
        Repeats = true,
        Completes = Completion.Directory,
    };

    private static readonly OptionRow Lazy =
        new("--lazy", "detach the mount now although files are open; it ends when the last one is closed")
        {
            Short = "-l",
        };

    public static readonly CommandRow Row = new("umount", "unmount", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            The same as umount(8) for root and as fusermount3 -u for other users. The serving process then commits,
            closes the devices that none of its other mounts uses, and ends with its last mount.
            """,
        HasJson = false,
        Arguments = [Targets],
        Options = [Lazy],
        UsageExitCode = ExitCode.MountUsage,
        ExitCodes = MountExitCodes.Rows,
        Examples = [new("hammer2 umount /mnt", "unmount /mnt")],
    };

    private static int Run(Invocation invocation)
    {
        int code = ExitCode.Ok;
        invocation.Interrupted = static () => "the table of mounts says which mounts are still there";
        foreach (string target in invocation.Texts(Targets))
        {
            if (FuseMount.UnmountAt(target, invocation.Has(Lazy)) is not { } failure) continue;
            invocation.Warn(failure);
            code = ExitCode.MountFailed;
        }
        return code;
    }
}
