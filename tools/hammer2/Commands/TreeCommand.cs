// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Files;
using Hammer2.Tool.Output;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Commands;

/// <summary>Prints a directory and everything below it as a tree.</summary>
internal static class TreeCommand
{
    // Maximum nesting of directories; a cycle on damaged media is detected long before.
    private const int DepthLimit = 10_000;

    private static readonly ArgumentRow Path =
        new("PATH", "a directory within the PFS; its root when none is given") { IsOptional = true };

    private static readonly OptionRow Depth = new("--depth",
        "descend at most this number of levels")
    { ValueName = "NUMBER" };

    private static readonly OptionRow DirectoriesOnly = new("--directories",
        "print directories only")
    { Short = "-d" };

    public static readonly CommandRow Row = new("tree", "print a directory and everything below it", Run)
    {
        Group = CommandGroup.Files,
        Description = "Directories that cannot be read completely are marked, and the exit code reports damage.",
        Arguments = [OpenedPfs.Volume, Path],
        Options = [Depth, DirectoriesOnly, .. OpenedPfs.Options],
        Examples = [new("hammer2 tree disk.img /music --depth 2", "print the top of a tree")],
    };

    private static int Run(Invocation invocation)
    {
        using OpenedPfs pfs = OpenedPfs.Open(invocation);
        string path = invocation.OptionalText(Path) ?? "/";
        int code = PathWalk.Find(invocation, pfs.Vnodes, path, followsLast: true, out VnodeAttributes top);
        if (code != ExitCode.Ok) return code;
        if (!top.IsDirectory) throw new CommandException(ExitCode.NotFound, $"{path}: not a directory");
        using Report report = invocation.OpenReport();
        var printer = new Printer(
            report, pfs.Vnodes, invocation.Number(Depth) ?? DepthLimit, invocation.Has(DirectoriesOnly));
        report.BeginList("entries");
        printer.Print(path, top.Inum);
        report.EndList();
        report.Value("directories", "directories", Cell.Number(printer.Directories));
        report.Value("others", "others", Cell.Number(printer.Others));
        return printer.HasDamage ? ExitCode.Damage : ExitCode.Ok;
    }

    /// <summary>Walks without recursion: a crafted volume must not cause a stack overflow.</summary>
    private sealed class Printer(Report report, VnodeOps vnodes, ulong depthMax, bool directoriesOnly)
    {
        private readonly HashSet<ulong> _above = [];
        private readonly Stack<Level> _levels = new();

        public long Directories { get; private set; }

        public long Others { get; private set; }

        public bool HasDamage { get; private set; }

        public void Print(string path, ulong inum)
        {
            Entry(path, path, inum, ObjectType.Directory, null);
            Open(inum, "", path.TrimEnd('/'));
            while (_levels.TryPeek(out Level? level))
            {
                if (level.Next < level.Items.Count)
                {
                    PrintItem(level, level.Items[level.Next++]);
                    continue;
                }
                _ = _levels.Pop();
                _ = _above.Remove(level.Inum);
            }
        }

        private void PrintItem(Level level, in DirectoryItem item)
        {
            bool isLast = level.Next == level.Items.Count && !level.IsDamaged;
            string name = NameText.Escape(item.Name);
            string path = level.Path + "/" + name;
            bool isDirectory = item.Type == ObjectType.Directory;
            if (isDirectory) Directories++;
            else Others++;
            string line = level.Prefix + (isLast ? "`-- " : "|-- ") + name;
            string? fault = null;
            if (isDirectory && _above.Contains(item.Inum)) fault = "contains itself";
            if (item.Type == ObjectType.SoftLink) line += " -> " + Target(item.Inum);
            if (fault is not null) HasDamage = true;
            Entry(line, path, item.Inum, item.Type, fault);
            if (isDirectory && fault is null && (ulong)_levels.Count < Math.Min(depthMax, DepthLimit))
                Open(item.Inum, level.Prefix + (isLast ? "    " : "|   "), path);
            if (level.Next == level.Items.Count && level.IsDamaged)
                Entry(level.Prefix + "`-- ", level.Path, level.Inum, ObjectType.Directory,
                    "part of the directory cannot be read");
        }

        private void Open(ulong inum, string prefix, string path)
        {
            Errno error = DirectoryReader.ReadSorted(vnodes, inum, out List<DirectoryItem> items);
            if (directoriesOnly) items.RemoveAll(static item => item.Type != ObjectType.Directory);
            if (error != Errno.None)
            {
                HasDamage = true;
                if (items.Count == 0) Entry(prefix + "`-- ", path, inum, ObjectType.Directory,
                    PathWalk.Describe(error));
            }
            if (items.Count == 0) return;
            _ = _above.Add(inum);
            _levels.Push(new Level(inum, prefix, path, items, error != Errno.None));
        }

        private string Target(ulong inum)
        {
            if (vnodes.GetEntryAttributes(inum, out VnodeAttributes link) == Errno.None
                && LinkText.Read(vnodes, link) is { } target) return target;
            HasDamage = true;
            return "?";
        }

        private void Entry(string line, string path, ulong inum, ObjectType type, string? fault)
        {
            report.BeginEntry(fault is null ? line : line + " [" + fault + "]");
            report.Detail("path", Cell.Text(path));
            report.Detail("inum", Cell.Number(inum));
            report.Detail("type", Cell.Text(MediaText.Kind(type)));
            report.Detail("fault", Cell.Text(fault));
            report.EndEntry();
        }

        private sealed class Level(ulong inum, string prefix, string path, List<DirectoryItem> items, bool isDamaged)
        {
            public ulong Inum => inum;

            public string Prefix => prefix;

            public string Path => path;

            public List<DirectoryItem> Items => items;

            public bool IsDamaged => isDamaged;

            public int Next { get; set; }
        }
    }
}
