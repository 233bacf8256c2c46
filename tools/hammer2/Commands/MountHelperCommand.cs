// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Fuse;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;

namespace Hammer2.Tool.Commands;

/// <summary>What mount(8) calls for an entry of fstab: <c>mount.hammer2 SPEC DIR [-sfnv] [-o
/// OPTIONS]</c>.</summary>
internal static class MountHelperCommand
{
    private static readonly ArgumentRow Spec =
        new("SPEC", "DEVICE[:DEVICE...][@LABEL]; more nodes of the cluster follow after a space")
        {
            Completes = Completion.File,
        };

    private static readonly ArgumentRow Target = new("DIR", "directory to mount on")
    {
        Completes = Completion.Directory,
    };

    private static readonly OptionRow Options = new("--options", "comma-separated options of 'hammer2 mount'")
    {
        Short = "-o",
        ValueName = "OPTIONS",
        Repeats = true,
        Completes = Completion.MountOptions,
    };

    private static readonly OptionRow Sloppy =
        new("--sloppy", "ignore unknown options") { Short = "-s" };

    private static readonly OptionRow Fake =
        new("--fake", "check the options and do nothing") { Short = "-f" };

    private static readonly OptionRow NoTable = new("--no-mtab", "has no effect") { Short = "-n" };

    private static readonly OptionRow Verbose = new("--verbose", "say more") { Short = "-v" };

    private static readonly OptionRow Type =
        new("--types", "has no effect") { Short = "-t", ValueName = "TYPE" };

    public static readonly CommandRow Row = new("mount.hammer2", "mount as mount(8) asks", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            mount(8) runs this for 'mount -t hammer2 SPEC DIR' and for entries of fstab with the type hammer2,
            when it lies in /sbin.

            In fstab the first field is one device and nothing else, because systemd waits for a device of that
            name; label and further devices are options. UUID= and LABEL= work with udev's rule 64-hammer2.rules,
            PARTUUID= without it. What else must be there before the mount
            is named with x-systemd.requires=. The last field is 2 where fsck.hammer2 is to run before a mount, and
            0 for filesystems of several volumes, which it cannot find.

            'mount -t hammer2 -o remount,ro DIR', or without -t for an entry of fstab, commits and makes the mount
            read-only, unless files are open for writing; remount,rw takes that back, and makes a mount writable that
            was made read-only, if no other process uses its devices. commit=SECONDS and the flags of the kernel
            (noexec, noatime ...) can be changed. Other options are refused by name.
            """,
        ProgramNames = ["mount.hammer2", "mount_hammer2"],
        HasJson = false,
        Arguments = [Spec, Target],
        Options = [Options, Sloppy, Fake, NoTable, Verbose, Type],
        HandlesSignals = true,
        UsageExitCode = ExitCode.MountUsage,
        ExitCodes = MountExitCodes.Rows,
        Examples =
        [
            new("mount -t hammer2 -o pfs=HOME /dev/sdb1 /home", "calls mount.hammer2"),
            new("/dev/sdb1 /home hammer2 pfs=HOME,nofail 0 2", "a line of fstab"),
            new("/dev/sdb1 /srv hammer2 pfs=SRV,device=/dev/sdc1,x-systemd.requires=/dev/sdc1,nofail 0 0",
                "a line of fstab, for two volumes or nodes"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        IReadOnlyList<string> options = invocation.Texts(Options);
        if (MountOptionParser.IsRemount(options))
        {
            if (!invocation.Has(Fake)) RemountCall.Run(invocation.Text(Target), options);
            return ExitCode.Ok;
        }
        if (invocation.Has(Fake))
        {
            _ = MountRun.Parse(options, invocation.Has(Sloppy));
            return ExitCode.Ok;
        }
        options = MountOptionParser.WithoutWishToWrite(options);
        if (invocation.Has(Verbose)) options = ["loglevel=info", .. options];
        string[] specs = invocation.Text(Spec).Split(
            ' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return MountRun.Run(
            invocation, specs, invocation.Text(Target), options, invocation.Has(Sloppy), isForeground: false);
    }
}
