// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Snapshots;
using Hammer2.Snapshots.Diff;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Hammer2.Tool.Snapshots;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Lists the paths in which two PFSs of one filesystem differ.</summary>
internal static class DiffCommand
{
    private const int JsonVersion = 1;

    private static readonly ArgumentRow Old = new("OLD", "the PFS before: " + TreeArgument.Forms)
    {
        Completes = Completion.File,
    };

    private static readonly ArgumentRow New = new("NEW",
        "the PFS after, of the same filesystem; when left out, the one that is mounted, or DATA")
    {
        IsOptional = true,
        Completes = Completion.File,
    };

    public static readonly CommandRow Row = new("diff", "list the paths in which two PFSs or snapshots differ", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Blocks that both share are not read, so that the time it takes depends on the differences. A PFS that is mounted
            is compared as of now: the mount is asked to commit first. An object is the same in both when it has the same
            inode number.

            Each line has the kind of the difference, in what the object differs, and its path from the root of the PFS:
            '+' added, '-' removed, 'R' renamed (with the old path first), 'M' changed under the same name, '?' not
            compared, since a block cannot be read; the reason follows. After R and M, 'c' is content, 'a' attributes: mode,
            owner, group, flags, device number, modification time, compression, check method, extended attributes. A file
            with several names is listed as changed by one of them. In paths, bytes that are not printable are written as
            \xHH. A path that begins with '?' is below a directory that cannot be found.

            JSON: version; old and new with label and modifyTid; differences, each with kind (added, removed, renamed,
            changed, unresolved), type, inum, path, oldPath and problem or null, and details; counts of differences and
            unresolved.
            """,
        Arguments = [Old, New],
        Options = MediaOptions.All,
        Examples =
        [
            new("hammer2 diff /home@before-upgrade /home", "what changed since a snapshot"),
            new("hammer2 diff disk.img@monday @tuesday", "two snapshots on a device"),
        ],
        ExitCodes =
        [
            new(ExitCode.Ok, "no difference"),
            new(ExitCode.Damage, "differences were listed; or paths that could not be compared"),
            new(ExitCode.Usage, "malformed command line, or PFSs of different filesystems"),
            new(ExitCode.CannotOpen, "a device cannot be opened or has no HAMMER2 filesystem"),
            new(ExitCode.NotFound, "no such PFS"),
            new(ExitCode.Failed, "failed before completion; the reason is on standard error"),
            new(ExitCode.Internal, "a defect of this program"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        TreeArgument before = TreeArgument.Parse(invocation.Text(Old));
        TreeArgument after = TreeArgument.Parse(invocation.OptionalText(New) ?? Source(invocation.Text(Old)));
        using SnapshotFilesystem filesystem = before.Open(invocation);
        CheckSame(invocation, filesystem, after);
        PfsTree old = before.Find(filesystem), now = after.Find(filesystem);
        using Report report = invocation.OpenReport();
        report.Detail("version", Cell.Number(JsonVersion));
        WriteTree(report, "old", old);
        WriteTree(report, "new", now);
        long differences = 0, unresolved = 0;
        report.BeginList("differences");
        SnapshotDiff.Run(old, now, found =>
        {
            if (found.Kind == DifferenceKind.Unresolved) unresolved++;
            else differences++;
            Write(report, found);
        });
        report.EndList();
        report.Detail("differencesTotal", Cell.Number(differences));
        report.Detail("unresolvedTotal", Cell.Number(unresolved));
        return differences + unresolved == 0 ? ExitCode.Ok : ExitCode.Damage;
    }

    // Without its label.
    private static string Source(string text)
    {
        int at = LinuxPath.Exists(text) ? -1 : text.IndexOf('@', StringComparison.Ordinal);
        return at < 0 ? text : text[..at];
    }

    private static void CheckSame(Invocation invocation, SnapshotFilesystem filesystem, TreeArgument after)
    {
        if (after.Devices is null) return;
        using SnapshotFilesystem other = after.Open(invocation);
        if (other.FilesystemId != filesystem.FilesystemId)
            throw new CommandException(invocation.Row.UsageExitCode, $"{after.Origin}: is another filesystem, whose blocks "
                + "cannot be compared by reference");
    }

    private static void WriteTree(Report report, string key, PfsTree tree)
    {
        report.BeginSection(key, title: "");
        report.Detail("label", Cell.Text(NameText.Escape(tree.Label)));
        report.Detail("modifyTid", Cell.Hex(tree.ModifyTid));
        report.EndSection();
    }

    private static void Write(Report report, PathDifference found)
    {
        string path = NameText.Escape(found.Path);
        string? oldPath = found.OldPath is { } old ? NameText.Escape(old) : null;
        string names = oldPath is null ? path : $"{oldPath} -> {path}";
        string problem = found.Problem is null ? "" : $"  ({found.Problem})";
        report.BeginEntry($"{Letter(found.Kind)} {Letters(found.Details)} {names}{problem}");
        report.Detail("kind", Cell.Text(Name(found.Kind)));
        report.Detail("type", found.Type == ObjectType.Unknown ? Cell.Absent : Cell.Text(MediaText.Kind(found.Type)));
        report.Detail("inum", found.Inum == 0 ? Cell.Absent : Cell.Number(found.Inum));
        report.Detail("path", Cell.Text(path));
        report.Detail("oldPath", Cell.Text(oldPath));
        report.Detail("details", Cell.Text(Names(found.Details)));
        report.Detail("problem", Cell.Text(found.Problem));
        report.EndEntry();
    }

    private static char Letter(DifferenceKind kind) => kind switch
    {
        DifferenceKind.Added => '+',
        DifferenceKind.Removed => '-',
        DifferenceKind.Renamed => 'R',
        DifferenceKind.Changed => 'M',
        _ => '?',
    };

    private static string Name(DifferenceKind kind) => kind switch
    {
        DifferenceKind.Added => "added",
        DifferenceKind.Removed => "removed",
        DifferenceKind.Renamed => "renamed",
        DifferenceKind.Changed => "changed",
        _ => "unresolved",
    };

    private static string Letters(DifferenceDetails details)
    {
        char content = details.HasFlag(DifferenceDetails.Content) ? 'c' : '-';
        char attributes = (details & ~DifferenceDetails.Content) != 0 ? 'a' : '-';
        return $"{content}{attributes}";
    }

    private static string Names(DifferenceDetails details)
    {
        var names = new List<string>();
        foreach ((DifferenceDetails flag, string name) in s_names)
            if (details.HasFlag(flag)) names.Add(name);
        return string.Join(' ', names);
    }

    private static readonly (DifferenceDetails Flag, string Name)[] s_names =
    [
        (DifferenceDetails.Content, "content"), (DifferenceDetails.Mode, "mode"), (DifferenceDetails.Owner, "owner"),
        (DifferenceDetails.Group, "group"), (DifferenceDetails.Flags, "flags"),
        (DifferenceDetails.DeviceNumber, "deviceNumber"), (DifferenceDetails.ModifyTime, "modifyTime"),
        (DifferenceDetails.Compression, "compression"), (DifferenceDetails.CheckMethod, "checkMethod"),
        (DifferenceDetails.ExtendedAttributes, "extendedAttributes"),
    ];
}
