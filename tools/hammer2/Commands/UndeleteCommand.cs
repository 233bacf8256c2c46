// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Admin.Recovery;
using Hammer2.Cluster;
using Hammer2.Devices;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Recover;

namespace Hammer2.Tool.Commands;

/// <summary>Finds deleted objects, lists them or writes them into a directory.</summary>
internal static class UndeleteCommand
{
    private static readonly ArgumentRow Volume = new("VOLUME",
        "all devices of one filesystem, and perhaps one PFS of it: DEVICE[:DEVICE...][@LABEL]; or a mount")
    {
        Completes = Completion.File,
    };

    private static readonly OptionRow List = new("--list", "only list what was found (the default)");

    private static readonly OptionRow To = new("--to", "write what was found into this directory")
    {
        ValueName = "DIRECTORY",
        Completes = Completion.Directory,
    };

    private static readonly OptionRow Versions = new("--versions",
        "every version that was found of every object, existing ones too, not the best one of each that was deleted");

    private static readonly OptionRow Relaxed = new("--relaxed",
        "accept blocks without a check code as well, which may be of something else");

    private static readonly OptionRow NoData = new("--no-data", "list without reading file data: it is not known what is whole");

    public static readonly CommandRow Row = new("undelete", "find deleted files that are still on media", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Copy-on-write leaves deleted files on media until bulkfree frees their blocks and something else is written there.
            All space that was ever in use is scanned for references to inodes. An inode counts when it agrees with the check
            code of such a reference, and belongs to the PFS whose roots, old ones too, lead to it; a block of data counts when
            it agrees with its check code. Nothing on the filesystem is changed. Unmount it, or mount it read-only, as soon as
            something is missed: writing uses deleted blocks again.

            A line has the state, type, size and last modification of an object, then PFS and path. The state is 'whole';
            'older', when only an older version of the object is whole; 'damaged', when blocks of its data are gone; 'unread'
            with --no-data. A directory that exists has its path of today, a deleted one its last. Without a known name an
            object is listed as inode-0xNUMBER, in a directory without one below /lost+found; '?' is an unknown PFS. What a snapshot
            still has is not listed, and neither is what was never committed.

            With --to, objects are written below DIRECTORY/LABEL under their paths, with permissions and times (root: owners
            and set-id bits, too). Nothing there is replaced: where the name is in use the number of the inode is added to it.
            Of damaged files the name ends in '.damaged', and what is missing is a hole. Give a directory on another
            filesystem.

            Memory: at most 256 MiB for what is found, since the media are scanned again for the next inode numbers when
            there is more; besides, a bit for each KiB in segments with metadata, a bit for each existing inode and 64 bytes
            for each directory.

            JSON: objects, each with state, deleted, type, inum, pfs or null, size, missing (bytes), modified, changed,
            modifyTid, versions, newer, pathKnown, failure or null, paths and gaps; found, whole, damaged, passes, scanned,
            unreadable, forgottenVersions; with --to also written, present, notWritten.
            """,
        Arguments = [Volume],
        Options = [List, To, .. ObjectFilter.Options, Versions, Relaxed, NoData, .. MediaOptions.All],
        HasUnits = true,
        Examples =
        [
            new("hammer2 undelete disk.img", "what can be brought back"),
            new("hammer2 undelete /dev/sdb1@HOME --name '*.odt' --since 2026-11-01 --to /mnt/rescued", "some files of one PFS"),
        ],
        ExitCodes =
        [
            new(ExitCode.Ok, "objects were found, all of them whole"),
            new(ExitCode.Damage, "objects were found, some of them damaged"),
            new(ExitCode.Usage, "malformed command line"),
            new(ExitCode.CannotOpen, "a device cannot be opened or has no HAMMER2 filesystem"),
            new(ExitCode.NotFound, "nothing was found"),
            new(ExitCode.Failed, "something could not be written; the reason is on standard error"),
            new(ExitCode.Internal, "a defect of this program"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        string? to = invocation.Text(To);
        if (to is not null && invocation.Has(List))
            throw new CommandException(ExitCode.Usage, $"{List.Name} and {To.Name} cannot be given together");
        if (to is not null && invocation.Has(NoData))
            throw new CommandException(ExitCode.Usage, $"{NoData.Name} and {To.Name} cannot be given together");
        MountSpec spec = MediaOptions.ParseReadable(invocation.Text(Volume));
        var filter = new ObjectFilter(invocation, spec.Label);
        using VolumeSet volumes = MediaOptions.Open(invocation, spec);
        using var run = new RecoveryRun(invocation, to)
        {
            Place = static (one, path) =>
            {
                byte[][] parts = RecoverPath.Split(path);
                return ([RecoveredNames.DirectoryOf(one.Label), .. parts], RecoveredNames.Of(one, parts[^1]));
            },
        };
        return run.Run(volumes, new UndeleteOptions
        {
            IncludesAll = invocation.Has(Versions),
            IsRelaxed = invocation.Has(Relaxed),
            SkipsData = invocation.Has(NoData),
            Wants = filter.Wants,
        });
    }
}
