// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;

namespace Hammer2.Tool.Commands;

/// <summary>Mounts a PFS.</summary>
internal static class MountCommand
{
    private static readonly ArgumentRow Specs =
        new("SPEC", "all volumes of one filesystem, with the label of a PFS: DEVICE[:DEVICE...][@LABEL]")
        {
            Repeats = true,
            Completes = Completion.File,
        };

    private static readonly ArgumentRow Target = new("DIR", "directory to mount on")
    {
        Completes = Completion.Directory,
    };

    private static readonly OptionRow Options = new("--options",
        "options separated by commas, see MOUNT OPTIONS in hammer2(8)")
    {
        Short = "-o",
        ValueName = "OPTIONS",
        Repeats = true,
        Completes = Completion.MountOptions,
    };

    private static readonly OptionRow Sloppy = new("--sloppy", "ignore unknown options");

    private static readonly OptionRow Foreground = new(
        "--foreground", "serve in this process until unmounted")
    {
        Short = "-f",
    };

    public static readonly CommandRow Row = new("mount", "mount a PFS", Run)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Every SPEC is a node of one cluster; a filesystem that is not part of a cluster has one. Without a label
            the PFS named DATA is mounted. A label without a device, @LABEL, is looked for on the block devices of
            this machine and on what is mounted; when several filesystems have it, they are named and none is
            mounted. The command returns when the mount is live; a background process serves
            it until it is unmounted by umount(8), by fusermount3 -u, or by a SIGTERM to the process.

            A DEVICE is an image file, a block device, or an export of an NBD server: nbd://HOST[:PORT]/EXPORT, nbds://
            for TLS, or nbd+unix:///EXPORT?socket=PATH. Options follow a question mark, separated by &: timeout=SECONDS
            (1 to 300; 30) is how long a request may take before the node is given up; noflush=trust writes to a server
            that can make nothing durable; latewrites=trust says that the server executes nothing of a connection once
            it has accepted another one; tls-certificates=DIR has ca-cert.pem, and client-cert.pem and client-key.pem;
            tls-hostname=NAME is the name in the server's certificate. Other characters that separate, such as : and @
            in names, are written %3A and %40. Such devices are not locked: the server must keep other machines away.

            A write-protected device is mounted read-only with a warning, unless rw was given. A cluster of which fewer
            masters than a quorum are present is not mounted; with the option degraded its best node is, read-only. A
            quorum of which too few nodes hold the newest commit is mounted read-only, and the reason is logged. Written
            data is durable when fsync(2) returns, when the serving process has ended, and at the latest after the time
            given by commit=.

            When the filesystem is already mounted for writing, the process that serves it also serves the new
            mount, if the user and the mount namespace are the same. Each mount is unmounted separately. A signal
            to the process unmounts all of them; the process ends with the last one. With --foreground the command
            returns when its own mount has ended. The memory= of the first mount applies to all of them.

            The directory .hammer2 in the root of the mount, which no listing shows, is for the user that mounted it,
            and for root where root may enter the mount: its own mounts, and those with allow_other. It has the
            snapshots of the filesystem, the state of the mount, and a file for requests: see hammer2-control(5). With
            the option snapdirs each directory DIR has a hidden DIR/.hammer2/snapshots/LABEL, which is what DIR was in
            the snapshot, for all users who may enter DIR; the permissions in a snapshot are those of its time.

            With --foreground in a service of systemd of Type=notify, the manager is told when the mount is live, and with
            WatchdogSec= while its commits advance: one that hangs for longer has the manager act as the unit says.

            The options of -o are listed in the section MOUNT OPTIONS of hammer2(8).
            """,
        HasJson = false,
        Arguments = [Specs, Target],
        Options = [Options, Foreground, Sloppy],
        HandlesSignals = true,
        UsageExitCode = ExitCode.MountUsage,
        ExitCodes = MountExitCodes.Rows,
        Examples =
        [
            new("hammer2 mount disk.img /mnt", "mount the PFS named DATA of an image file"),
            new("hammer2 mount -o ro disk.img /mnt", "the same without writing a byte to it"),
            new("hammer2 mount /dev/sdb1:/dev/sdc1@ROOT /mnt -o uid=1000", "two volumes, another owner"),
            new("hammer2 mount disk.img@HOME /home", "one more PFS of a filesystem that is mounted already"),
            new("hammer2 mount n0.img@CL n1.img n2.img /mnt", "three nodes of a cluster"),
            new("hammer2 mount n0.img@CL nbd://s1/cl nbd://s2/cl /mnt", "the same with two nodes on other machines"),
        ],
    };

    private static int Run(Invocation invocation) => MountRun.Run(
        invocation, invocation.Texts(Specs), invocation.Text(Target), invocation.Texts(Options),
        invocation.Has(Sloppy), invocation.Has(Foreground));
}

/// <summary>The exit codes that mount(8) defines.</summary>
internal static class MountExitCodes
{
    public static readonly ExitCodeRow[] Rows =
    [
        new(ExitCode.Ok, "mounted, or unmounted"),
        new(ExitCode.MountUsage, "the command line or an option is invalid"),
        new(ExitCode.MountFailed, "the mount failed"),
        new(ExitCode.Internal, "a defect of this program"),
    ];
}
