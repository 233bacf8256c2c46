// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;
using Hammer2.Tool.PfsChanges;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Set the check method or the compression of new blocks of files in a mount: setcomp, setcheck, and the
/// commands that are setcheck with one method.</summary>
internal static class MethodCommands
{
    private const string Below =
        " Blocks that are stored keep theirs: to change those of a file, copy it. What is made in a directory inherits "
        + "the methods of the directory. For the user that mounted it, and root where it may enter the mount. With "
        + "--volume, a PFS that is not mounted is changed on its devices: PATHs then begin at its root.";

    private static readonly ArgumentRow Paths = new("PATH", "files and directories in a mount, or with --volume of that PFS")
    {
        Repeats = true,
        Completes = Completion.File,
    };

    private static readonly ArgumentRow CompressionName =
        new("METHOD", "none, autozero, lz4, zlib or zlib:LEVEL (6 to 9); default is lz4, disabled is autozero");

    private static readonly ArgumentRow CheckName =
        new("METHOD", "none, disabled, crc32, xxhash64 or sha192; default is xxhash64");

    private static readonly OptionRow Recursive =
        new("--recursive", "also everything below directories, not beyond the mount") { Short = "-r" };

    private static readonly OptionRow Volume =
        new("--volume", "a PFS that is not mounted: DEVICE[:DEVICE...][@LABEL]; default label DATA")
        {
            ValueName = "VOLUME",
            Completes = Completion.File,
        };

    private static readonly OptionRow Node = new("--node", "with --volume: another node of the same cluster; all are needed")
    {
        ValueName = "VOLUME",
        Repeats = true,
        Completes = Completion.File,
    };

    private static readonly OptionRow[] Options = [Recursive, Volume, Node, .. MediaOptions.All];

    public static readonly CommandRow SetCompression = new("setcomp", "set the compression of new blocks", RunCompression)
    {
        Group = CommandGroup.Mounting,
        Description = "Sets how new blocks of files are compressed." + Below
            + " The stored value is printed: 0x93 is level 9 of method 3 (0 none, 1 autozero, 2 lz4, 3 zlib); 'hammer2 "
            + "stat' names it.",
        Arguments = [CompressionName, Paths],
        Options = Options,
        Examples = [new("hammer2 setcomp -r zlib:9 /mnt/archive", "compress what is written below a directory better")],
    };

    public static readonly CommandRow SetCheck = new("setcheck", "set the check method of new blocks",
        invocation => RunCheck(invocation, invocation.Text(CheckName)))
    {
        Group = CommandGroup.Mounting,
        Description = "Sets the check code of new blocks of files." + Below,
        Arguments = [CheckName, Paths],
        Options = Options,
        Examples =
        [
            new("hammer2 setcheck sha192 /mnt/important", "what is written there gets a strong check code"),
            new("hammer2 setcheck --volume disk.img@HOME -r sha192 /important", "the same without mounting"),
        ],
    };

    public static readonly CommandRow ClearCheck = CheckRow("clrcheck", "none");

    public static readonly CommandRow SetCrc32 = CheckRow("setcrc32", "crc32");

    public static readonly CommandRow SetXxHash64 = CheckRow("setxxhash64", "xxhash64");

    public static readonly CommandRow SetSha192 = CheckRow("setsha192", "sha192");

    private static CommandRow CheckRow(string name, string method) => new(
        name, $"set the check method of new blocks to {method}", invocation => RunCheck(invocation, method))
    {
        Group = CommandGroup.Mounting,
        Description = $"The same as 'hammer2 setcheck {method}'.",
        Arguments = [Paths],
        Options = Options,
        Examples = [new($"hammer2 {name} /mnt/d", $"new files in a directory get the check method {method}")],
    };

    private static int RunCompression(Invocation invocation)
    {
        string name = invocation.Text(CompressionName);
        byte method = MethodNames.Compression(name)
            ?? throw new CommandException(ExitCode.Usage, $"{name}: no such compression, see 'hammer2 setcomp --help'");
        return Run(invocation, InodeRecord.SetsCompression, method, "comp_algo");
    }

    private static int RunCheck(Invocation invocation, string name)
    {
        byte method = MethodNames.Check(name)
            ?? throw new CommandException(ExitCode.Usage, $"{name}: no such check, see 'hammer2 setcheck --help'");
        return Run(invocation, InodeRecord.SetsCheck, method, "check_algo");
    }

    private static int Run(Invocation invocation, uint flag, byte method, string field)
    {
        invocation.Interrupted = static () => "the paths that were printed are set";
        int code = ExitCode.Ok;
        bool isJson = invocation.Has(CommonOptions.Json);
        using Report? report = isJson ? invocation.OpenReport() : null;
        report?.Detail("method", Cell.Text(field == "comp_algo"
            ? MethodNames.OfCompression(method) : MethodNames.OfCheck(method)));
        report?.BeginTable("paths", new Column("path", "PATH"));
        if (invocation.Text(Volume) is { } volume)
        {
            RunOffline(invocation, volume, flag, method, Done, Failed);
        }
        else
        {
            if (invocation.Has(Node))
                throw new CommandException(ExitCode.Usage, $"{Node.Name} goes with {Volume.Name}");
            var walk = new MethodWalk(flag, method, invocation.Has(Recursive), Done, Failed);
            foreach (string path in invocation.Texts(Paths)) walk.Run(path);
        }
        report?.EndTable();
        return code;

        void Done(string path)
        {
            report?.Row(Cell.Text(path));
            if (!isJson) invocation.Terminal.Out.WriteLine($"{ByteText.ToPrintable(path)}\t{field}=0x{method:x2}");
        }

        void Failed(string path, string reason)
        {
            invocation.Warn($"{path}: {reason}");
            code = ExitCode.Failed;
        }
    }

    private static void RunOffline(Invocation invocation, string volume, uint flag, byte method,
        Action<string> done, Action<string, string> failed)
    {
        invocation.Interrupted = static () => "nothing, or a part of the paths, is set";
        bool isCheck = flag == InodeRecord.SetsCheck;
        new PfsTarget(invocation, volume).ChangeOffline(invocation.Texts(Node), vnodes =>
        {
            var walk = new OfflineMethodWalk(
                vnodes, isCheck ? method : null, isCheck ? null : method, invocation.Has(Recursive), done, failed);
            foreach (string path in invocation.Texts(Paths)) walk.Run(path);
        });
    }
}
