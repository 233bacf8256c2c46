// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Removes directory entries and inodes that are damaged.</summary>
internal static class DestroyCommand
{
    private const int Exists = 17;              // EEXIST

    private static readonly ArgumentRow Paths = new("PATH", "directory entries in a mount")
    {
        Repeats = true,
        Completes = Completion.File,
    };

    private static readonly ArgumentRow Mount = new("MOUNT", "a directory in the mount")
    {
        Completes = Completion.Directory,
    };

    private static readonly ArgumentRow Inums = new("INUM", "inode numbers") { Repeats = true };

    public static readonly CommandRow Entry = new("destroy", "remove entries whose objects cannot be read", RunEntries)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Removes directory entries also when rm(1) answers EIO, because the inode cannot be read or is missing. An
            inode that cannot be read is deleted with the entry; 'hammer2 bulkfree' frees what only it led to. What was
            below a destroyed directory has no names then: 'hammer2 fsck --repair' moves it to lost+found. What can be
            read is removed as by rm(1) and rmdir(1). For the user that mounted it, and root where it may enter the
            mount.
            """,
        Arguments = [Paths],
        Examples = [new("hammer2 destroy /mnt/d/damaged", "remove a file that cannot be removed otherwise")],
    };

    public static readonly CommandRow Inode = new("destroy-inum", "delete inodes that cannot be read", RunInodes)
    {
        Group = CommandGroup.Mounting,
        Description = """
            Deletes inodes by number that cannot be read, such as those without a directory entry that fsck reports. Where
            an entry names the inode, use 'hammer2 destroy', which removes both. An inode that can be read is not deleted.
            """,
        Arguments = [Mount, Inums],
        Selects = SelectedPath.First,
        Examples = [new("hammer2 destroy-inum /mnt 0x401", "delete an inode")],
    };

    private static int RunEntries(Invocation invocation)
    {
        var results = new Results(invocation);
        foreach (string path in invocation.Texts(Paths))
        {
            string name = path[(path.LastIndexOf('/') + 1)..];
            string directory = path.Length > name.Length ? path[..^name.Length] : ".";
            var record = new DestroyRecord { Command = DestroyRecord.RemovesEntry };
            byte[] bytes = ByteText.Encode(name);
            bool isName = bytes.Length is > 0 and <= Media.NameBytesMax && name is not ("." or "..");
            if (isName) bytes.CopyTo((Span<byte>)record.Name);
            results.Add(path, ByteText.ToPrintable(path) + "\t",
                isName ? Send(directory, ref record) : "not the name of an entry");
        }
        return results.End();
    }

    private static int RunInodes(Invocation invocation)
    {
        string mount = invocation.Text(Mount);
        var inums = new List<ulong>();
        foreach (string text in invocation.Texts(Inums))
        {
            if (!Invocation.TryParseNumber(text, out ulong inum))
                throw new CommandException(ExitCode.Usage, $"{text}: not a number");
            inums.Add(inum);
        }
        var results = new Results(invocation);
        results.Say($"deleting inodes on {ByteText.ToPrintable(mount)}");
        foreach (ulong inum in inums)
        {
            var record = new DestroyRecord { Command = DestroyRecord.RemovesInode, Inum = inum };
            string shown = inum.ToString(CultureInfo.InvariantCulture);
            results.Add(shown, shown.PadLeft(16) + " ", Send(mount, ref record));
        }
        return results.End();
    }

    private static string? Send(string directory, ref DestroyRecord record)
    {
        try
        {
            MountIoctl.Call(directory, IoctlCommand.Destroy, ref record,
                static error => error == Exists ? "the inode can be read" : null);
            return null;
        }
        catch (CommandException failure)
        {
            string place = directory + ": ";
            return failure.Message.StartsWith(place, StringComparison.Ordinal)
                ? failure.Message[place.Length..] : failure.Message;
        }
    }

    /// <summary>The lines of the command, as upstream prints them, or its JSON.</summary>
    private sealed class Results
    {
        private readonly Invocation _invocation;
        private readonly Report? _report;
        private int _code = ExitCode.Ok;

        public Results(Invocation invocation)
        {
            _invocation = invocation;
            _report = invocation.Has(CommonOptions.Json) ? invocation.OpenReport() : null;
            _report?.BeginTable("destroyed", new Column("name", "NAME"), new Column("isDone", "DONE"));
        }

        public void Say(string line)
        {
            if (_report is null) _invocation.Terminal.Out.WriteLine(line);
        }

        public void Add(string name, string start, string? failure)
        {
            Say(start + (failure is null ? "ok" : ByteText.ToPrintable(failure)));
            _report?.Row(Cell.Text(name), Cell.Flag(failure is null));
            if (failure is null) return;
            if (_report is not null) _invocation.Warn(failure);
            _code = ExitCode.Failed;
        }

        public int End()
        {
            _report?.EndTable();
            _report?.Dispose();
            return _code;
        }
    }
}
