// SPDX-License-Identifier: BSD-3-Clause
using Fuse.Protocol;
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Commands;

/// <summary>Takes mounts away.</summary>
internal static class UnmountCommand
{
    private static readonly ArgumentRow Targets = new("DIR", "where it is mounted")
    {
        Repeats = true,
        Completes = Completion.Directory,
    };

    private static readonly OptionRow Lazy =
        new("--lazy", "take it out of the tree now, though files are open, and end it with the last of them")
        {
            Short = "-l",
        };

    public static readonly CommandRow Row = new("umount", "take a mount away", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            The same as umount(8) for root and as fusermount3 -u for other users. Right after, its process closes
            the devices that no other mount of it uses, and ends with its last mount.
            """,
        HasJson = false,
        Arguments = [Targets],
        Options = [Lazy],
        UsageExitCode = ExitCode.MountUsage,
        ExitCodes = MountExitCodes.Rows,
        Examples = [new("hammer2 umount /mnt", "take the mount on /mnt away")],
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
