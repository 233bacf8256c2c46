// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Extract;
using Hammer2.Tool.Files;
using Hammer2.Tool.Output;
using Hammer2.Vnodes;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Copies files out of a PFS without mounting it.</summary>
internal static class ExtractCommand
{
    private static readonly ArgumentRow Directory =
        new("DIRECTORY", "target of the files; created if it is missing") { Completes = Completion.Directory };

    private static readonly ArgumentRow Paths =
        new("PATH", "what to extract, each into DIRECTORY under its last path component; everything when none is given")
        {
            Repeats = true,
            IsOptional = true,
        };

    public static readonly CommandRow Row = new("extract", "copy files out of a volume, skipping damage", Run)
    {
        Group = CommandGroup.Files,
        Description = """
            Creates files, directories, links (hard links are preserved), FIFOs, sockets and, for root, device
            nodes in DIRECTORY with their permissions, times, extended attributes and ACLs; root also restores
            owners and set-id bits. Attributes that the target does not take are listed, and no fault.
            Holes are preserved. Nothing is written outside DIRECTORY, regardless of the content of the volume
            and of names that another user changes in it meanwhile. Files of the same name are replaced;
            directories of the same name are filled, and get the permissions and owner that they have on the
            volume. While a directory is filled, other users cannot access it.

            Damage does not stop the command: bytes that cannot be read become holes, objects that cannot be
            read are skipped, and both are listed at the end. With several nodes of a cluster each block is read
            from a node that has it.

            Run it again with the same DIRECTORY to continue after an interruption: files with the right size
            and time are not copied again. A damaged file gets the time of its copying and is tried again each
            time.
            """,
        Arguments = [OpenedPfs.Volume, Directory, Paths],
        Options = OpenedPfs.Options,
        HasUnits = true,
        Examples =
        [
            new("hammer2 extract disk.img@DATA rescued", "copy everything"),
            new("hammer2 extract disk.img rescued /music /etc", "copy two directories"),
            new("hammer2 extract n0.img@CL --node n1.img --degraded rescued", "copy from what is left of a cluster"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        using OpenedPfs pfs = OpenedPfs.Open(invocation);
        string path = invocation.Text(Directory);
        int error = TargetDirectory.Open(ByteText.Encode(path), out TargetDirectory? top);
        if (error != 0) throw new CommandException(ExitCode.Failed, $"{path}: {LinuxFiles.Describe(error)}");
        using (top)
        {
            int code = Extract(invocation, pfs, top!, out ExtractResult result);
            using Report report = invocation.OpenReport();
            Write(report, pfs, result);
            if (result.FailedTotal > 0) code = Math.Max(code, ExitCode.Failed);
            return Math.Max(code, result.DamagedTotal > 0 ? ExitCode.Damage : ExitCode.Ok);
        }
    }

    private static int Extract(Invocation invocation, OpenedPfs pfs, TargetDirectory top, out ExtractResult result)
    {
        using var progress = new ProgressLine(invocation.Terminal);
        IReadOnlyList<string> paths = invocation.Texts(Paths);
        ulong expected = paths.Count == 0 ? pfs.Vnodes.GetSpace().InodesTotal : 0;
        var extractor = new Extractor(pfs.Vnodes, top, LinuxFiles.geteuid() == 0)
        {
            Progress = progress.IsVisible ? now => progress.Show(Line(now, expected)) : null,
        };
        result = extractor.Result;
        ExtractResult now = result;
        invocation.Interrupted = () => $"{now.Objects} objects were extracted, one may be incomplete; run it again to continue";
        int worst = ExitCode.Ok;
        foreach (string path in paths.Count == 0 ? ["/"] : paths)
        {
            int code = PathWalk.Find(invocation, pfs.Vnodes, path, followsLast: false, out VnodeAttributes attributes);
            worst = Math.Max(worst, code);
            if (code != ExitCode.Ok) continue;
            byte[] full = NameText.Unescape(path.Trim('/'));
            byte[] name = full[(full.AsSpan().LastIndexOf((byte)'/') + 1)..];
            if (name.Length == 0) extractor.ExtractInto(attributes, []);
            else if (name.AsSpan().SequenceEqual("."u8) || name.AsSpan().SequenceEqual(".."u8))
                throw new CommandException(ExitCode.Usage, $"{path}: has no last path component to extract it under");
            else extractor.ExtractAs(attributes, name, [(byte)'/', .. full]);
        }
        return worst;
    }

    private static string Line(ExtractResult now, ulong expected)
    {
        string bytes = ByteUnits.Format(now.Bytes, ByteUnit.Iec);
        string damaged = now.DamagedTotal > 0 ? $", {now.DamagedTotal} damaged" : "";
        return expected == 0
            ? $"extract: {now.Objects} objects, {bytes}{damaged}"
            : $"extract: {ProgressLine.Bar((double)now.Objects / expected)} {now.Objects} of {expected}, {bytes}{damaged}";
    }

    private static void Write(Report report, OpenedPfs pfs, ExtractResult result)
    {
        report.Value("files", "files", Cell.Number(result.Files));
        report.Value("directories", "directories", Cell.Number(result.Directories));
        report.Value("links", "symbolic links", Cell.Number(result.Links));
        report.Value("hardLinks", "further hard links", Cell.Number(result.HardLinks));
        report.Value("specials", "special files", Cell.Number(result.Specials));
        report.Value("present", "already there", Cell.Number(result.Present));
        report.Value("bytes", "data copied", Cell.Bytes(result.Bytes));
        report.Value("repairedReads", "from other nodes", Cell.Number(pfs.Pfs.RepairedReads));
        report.Value("damagedTotal", "damaged", Cell.Number(result.DamagedTotal));
        report.Value("failedTotal", "not created", Cell.Number(result.FailedTotal));
        report.BeginTable("lostAttributes", new Column("name", "ATTRIBUTES NOT SET"), new Column("objects", "OBJECTS"));
        foreach ((string name, long objects) in result.LostAttributes)
            report.Row(Cell.Text(NameText.Escape(name)), Cell.Number(objects));
        report.EndTable();
        WriteFaults(report, "damaged", "damaged", result.Damaged);
        WriteFaults(report, "failed", "not created", result.Failed);
    }

    private static void WriteFaults(Report report, string key, string word, IReadOnlyList<ExtractFault> faults)
    {
        report.BeginList(key);
        foreach (ExtractFault fault in faults)
        {
            string path = NameText.Escape(fault.Path);
            report.BeginEntry($"{word}: {path}: {fault.Reason}");
            report.Detail("path", Cell.Text(path));
            report.Detail("reason", Cell.Text(fault.Reason));
            report.BeginList("lost");
            foreach (LostRange range in fault.Lost)
            {
                report.BeginEntry(string.Create(
                    CultureInfo.InvariantCulture, $"    bytes {range.First} to {range.End - 1}"));
                report.Detail("first", Cell.Number(range.First));
                report.Detail("end", Cell.Number(range.End));
                report.EndEntry();
            }
            report.EndList();
            report.EndEntry();
        }
        report.EndList();
    }
}
