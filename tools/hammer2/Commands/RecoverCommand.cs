// SPDX-License-Identifier: BSD-3-Clause
using System.Linq;
using Hammer2.Admin.Recovery;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Recover;

namespace Hammer2.Tool.Commands;

/// <summary>Upstream's 'recover' and its kin: all versions of what is at a path, written into a directory.</summary>
internal static class RecoverCommand
{
    private static readonly ArgumentRow Path = new("PATH",
        "a file or directory: from the root of any PFS with a slash at its start, else below any directory");

    private static readonly ArgumentRow Directory = new("DIRECTORY", "where to write; created if it is missing")
    {
        Completes = Completion.Directory,
    };

    /// <summary>The command 'recover'.</summary>
    public static readonly CommandRow Row = Make("recover", "write all versions of a file or tree that are on media",
        """
        Scans the media as 'undelete' does, and writes every version that is found of every object at PATH or below it,
        deleted or not, of all PFSs and snapshots. In DIRECTORY the paths begin with PATH; names of files end in the
        number of the version, '.00001' being the newest, and in '.corrupted' where data is missing. Versions with the
        same size and modification time are written once. JSON: as undelete.
        """, new RecoverMode(IsRelaxed: false, IsFile: false));

    /// <summary>The command 'recover-relaxed'.</summary>
    public static readonly CommandRow Relaxed = Make("recover-relaxed", "as recover, accepting blocks without check codes",
        """
        As 'recover', but references whose check method stores no code are accepted: use it for files whose check codes
        were switched off. JSON: as undelete.
        """, new RecoverMode(IsRelaxed: true, IsFile: false));

    /// <summary>The command 'recover-file'.</summary>
    public static readonly CommandRow File = Make("recover-file", "as recover, for a path that is a regular file",
        "As 'recover', but only regular files whose path ends with PATH are written. JSON: as undelete.",
        new RecoverMode(IsRelaxed: false, IsFile: true));

    private static CommandRow Make(string name, string summary, string description, RecoverMode mode) =>
        new(name, summary, invocation => Run(invocation, mode))
        {
            Group = CommandGroup.Media,
            Description = description,
            Arguments = [MediaOptions.Volume, Path, Directory],
            Options = MediaOptions.All,
            HasUnits = true,
            Examples = [new($"hammer2 {name} disk.img /home/charlie /mnt/rescued", "what was ever at that path")],
            ExitCodes = UndeleteCommand.Row.ExitCodes,
        };

    private static int Run(Invocation invocation, RecoverMode mode)
    {
        RecoverPath wanted = RecoverPath.Parse(invocation.Text(Path));
        using VolumeSet volumes = MediaOptions.Open(
            invocation, MediaOptions.ParseReadable(invocation.Text(MediaOptions.Volume)));
        using var run = new RecoveryRun(invocation, invocation.Text(Directory))
        {
            Place = (one, path) => wanted.Match(path, mode.IsFile) is { Length: > 0 } parts
                ? (parts, RecoveredNames.Numbered(one, parts[^1]))
                : null,
        };
        return run.Run(volumes, new UndeleteOptions
        {
            IncludesAll = true,
            IsRelaxed = mode.IsRelaxed,
            Wants = one => (!mode.IsFile || one.Meta.Type == ObjectType.RegularFile)
                && one.Paths.Any(path => wanted.Match(path, mode.IsFile) is not null),
        });
    }

    private sealed record RecoverMode(bool IsRelaxed, bool IsFile);
}
