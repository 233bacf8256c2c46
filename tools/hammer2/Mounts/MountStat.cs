// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>Prints methods, sums and quotas of inodes in mounts, as upstream's stat does.</summary>
internal static class MountStat
{
    private const int WidthMin = 16;

    /// <summary>Prints a line for each path.</summary>
    /// <returns>The exit code; a path that fails is reported, and the others are printed.</returns>
    public static int Run(Invocation invocation, IReadOnlyList<string> paths)
    {
        int code = ExitCode.Ok;
        bool isJson = invocation.Has(CommonOptions.Json);
        int width = Math.Max(WidthMin, paths.Max(path => path.Length));
        using Report? report = isJson ? invocation.OpenReport() : null;
        report?.BeginList("files");
        TextWriter to = invocation.Terminal.Out;
        if (!isJson)
            to.WriteLine($"{"PATH".PadRight(width)} ncp  data-use inode-use comp               check        quota");
        foreach (string path in paths)
        {
            InodeRecord record = default;
            try
            {
                MountIoctl.Call(path, IoctlCommand.InodeGet, ref record);
            }
            catch (CommandException failure)
            {
                invocation.Warn(failure.Message);
                code = Math.Max(code, failure.Code);
                continue;
            }
            if (report is not null) Write(report, path, record);
            else to.WriteLine(LineOf(path, width, record));
        }
        report?.EndList();
        return code;
    }

    /// <summary>The line of an inode.</summary>
    internal static string LineOf(string path, int width, in InodeRecord record)
    {
        InodeMeta meta = record.Meta;
        string quota = meta.DataQuota == 0 && meta.InodeQuota == 0 ? ""
            : $"{UpstreamSizes.Bytes(meta.DataQuota)}/{UpstreamSizes.Count(meta.InodeQuota),-12}";
        return $"{ByteText.ToPrintable(path).PadRight(width)} {meta.CopyCount,3} "
            + $"{UpstreamSizes.Bytes(record.DataCount),9} {UpstreamSizes.Count(record.InodeCount),9} "
            + $"{MethodNames.OfCompression(meta.CompressionPolicy),-18} {MethodNames.OfCheck(meta.CheckPolicy),-12} {quota}";
    }

    private static void Write(Report report, string path, in InodeRecord record)
    {
        report.BeginUntitledEntry();
        report.Detail("path", Cell.Text(path));
        report.Detail("inum", Cell.Number(record.Meta.Inum));
        report.Detail("dataBytes", Cell.Bytes(record.DataCount));
        report.Detail("inodes", Cell.Number(record.InodeCount));
        report.Detail("compression", Cell.Text(MethodNames.OfCompression(record.Meta.CompressionPolicy)));
        report.Detail("check", Cell.Text(MethodNames.OfCheck(record.Meta.CheckPolicy)));
        report.Detail("dataQuota", Cell.Bytes(record.Meta.DataQuota));
        report.Detail("inodeQuota", Cell.Number(record.Meta.InodeQuota));
        report.EndEntry();
    }
}
