// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Fuse.Protocol;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Fuse;
using Hammer2.Tool.CommandLine;
using Linux.Text;
using Microsoft.Extensions.Logging;

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

    private static readonly OptionRow Options = new("--options", "comma-separated options, see below")
    {
        Short = "-o",
        ValueName = "OPTIONS",
        Repeats = true,
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
            the PFS named DATA is mounted. The command returns when the mount is live; a background process serves
            it until it is unmounted by umount(8), by fusermount3 -u, or by a SIGTERM to the process.

            A write-protected device, or a cluster with too few masters, is mounted read-only with a warning, unless
            rw was given. Written data is durable when fsync(2) returns, when the serving process has ended, and at
            the latest after the time given by commit=.

            When the filesystem is already mounted for writing, the process that serves it also serves the new
            mount, if the user and the mount namespace are the same. Each mount is unmounted separately. A signal
            to the process unmounts all of them; the process ends with the last one. With --foreground the command
            returns when its own mount has ended. The memory= of the first mount applies to all of them.

            Options: ro, rw, commit=SECONDS (30), sync and dirsync (every change is durable when the call
            returns), nowriteback (no writeback cache in the kernel), uid=N, gid=N (owner shown for
            everything), umask=OCTAL (permissions shown for everything), allow_other (access by other users;
            the default when root mounts), noallow_other, degraded (read the best node when too few masters
            are present), pfs=LABEL or label=LABEL (the PFS to mount), device=DEVICE[:DEVICE...] (further
            volumes of the filesystem or nodes of the cluster; may be repeated), offset=BYTES or
            partition=NAME (where on the device the filesystem is; default: search for it), memory=SIZE (limit of
            all caches, 256M), readahead=SIZE (root only), max_threads=N,
            foreground, loglevel=LEVEL, fsname=TEXT, and those of any filesystem: suid, dev, exec, atime and
            their negations. Options for other readers of fstab, such as noauto, nofail or x-systemd.*, are
            ignored.
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
        ],
    };

    private static int Run(Invocation invocation) => MountRun.Run(
        invocation, invocation.Texts(Specs), invocation.Text(Target), invocation.Texts(Options),
        invocation.Has(Sloppy), invocation.Has(Foreground));
}

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
            name; label and further devices are options. PARTUUID= works. What else must be there before the mount
            is named with x-systemd.requires=. The last field is 2 where fsck.hammer2 is to run before a mount, and
            0 for filesystems of several volumes, which it cannot find.
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

/// <summary>Mounts for both commands, in this process or in a background process.</summary>
internal static class MountRun
{
    /// <summary>Parses the options.</summary>
    /// <exception cref="CommandException">One is unknown, or has an invalid value.</exception>
    public static MountOptions Parse(IReadOnlyList<string> lists, bool isSloppy)
    {
        try
        {
            return MountOptionParser.Parse(lists, isSloppy);
        }
        catch (MountOptionException failure)
        {
            throw new CommandException(ExitCode.MountUsage, "-o " + failure.Message, failure);
        }
    }

    /// <summary>Mounts, and returns when the mount is live, or in the foreground when it has ended.</summary>
    public static int Run(Invocation invocation, IReadOnlyList<string> specTexts, string target,
        IReadOnlyList<string> optionLists, bool isSloppy, bool isForeground)
    {
        MountOptions options = Parse(optionLists, isSloppy);
        var specs = new List<MountSpec>();
        foreach (string text in specTexts) specs.Add(ParseSpec(text));
        FuseBackground? background = FuseBackground.OfThisProcess();
        if (background is null && !isForeground && !options.IsForeground)
            return StartInBackground(invocation, specTexts, target, optionLists, isSloppy);

        var request = new MountRequest(specs, SourceOf(specs), target, options);
        LogLevel level = options.LogLevel ?? invocation.LogLevel;
        using ILoggerFactory own = Output.StandardErrorLogger.CreateFactory(invocation.Terminal, level);
        using var loggers = new DaemonLoggers(own);
        var words = new MountWords(optionLists, isSloppy, level, Stays: background is null);
        using var starter = new MountStarter(request, words, loggers);
        bool servesItself;
        try
        {
            servesItself = starter.Start();
        }
        catch (Exception failure) when (failure is MediaException or PfsException or FuseException)
        {
            if (background is null)
                throw new CommandException(ExitCode.MountFailed, failure.Message, failure);
            background.ReportFailure(ExitCode.MountFailed, ByteText.ToPrintable(failure.Message));
            return ExitCode.MountFailed;
        }
        if (background is not null)
        {
            if (servesItself && !invocation.Terminal.ErrorIsJournal) loggers.UseSystemLog();
            background.ReportMounted(keepsErrorStream: invocation.Terminal.ErrorIsJournal);
        }
        return starter.Serve() ? ExitCode.Ok : ExitCode.Failed;
    }

    // What the mount table shows: absolute paths.
    private static string SourceOf(List<MountSpec> specs) => string.Join(' ', specs.Select(spec =>
        string.Join(':', spec.Paths.Select(LinuxPath.GetFull)) + (spec.Label is null ? "" : "@" + spec.Label)));

    private static MountSpec ParseSpec(string text)
    {
        try
        {
            return MountSpec.Parse(text);
        }
        catch (FormatException failure)
        {
            throw new CommandException(ExitCode.MountUsage, failure.Message, failure);
        }
    }

    private static int StartInBackground(Invocation invocation, IReadOnlyList<string> specTexts,
        string target, IReadOnlyList<string> optionLists, bool isSloppy)
    {
        var words = new List<string> { "mount" };
        foreach (string list in optionLists)
        {
            words.Add("-o");
            words.Add(list);
        }
        if (isSloppy) words.Add("--sloppy");
        if (invocation.Text(CommonOptions.LogLevel) is { } level)
            words.AddRange([CommonOptions.LogLevel.Name, level]);
        words.Add("--");
        words.AddRange(specTexts);
        words.Add(target);
        FuseBackgroundOutcome outcome;
        try
        {
            outcome = FuseBackground.Start("hammer2", words, ExitCode.MountFailed);
        }
        catch (FuseException failure)
        {
            throw new CommandException(ExitCode.MountFailed, failure.Message, failure);
        }
        return outcome.ExitCode == ExitCode.Ok
            ? ExitCode.Ok
            : throw new CommandException(outcome.ExitCode, outcome.Message);
    }
}
