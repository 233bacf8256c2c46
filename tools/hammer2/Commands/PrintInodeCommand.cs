// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints all fields of the inode of a file in a mount.</summary>
internal static class PrintInodeCommand
{
    private static readonly ArgumentRow PathArgument = new("PATH", "a file or directory in a mount")
    {
        Completes = Completion.File,
    };

    public static readonly CommandRow Row = new("printinode", "print all fields of an inode in a mount", Run)
    {
        Group = CommandGroup.Mounting,
        Description = "Each field has a line NAME = VALUE with upstream's name. Times are local.",
        Arguments = [PathArgument],
        Examples = [new("hammer2 printinode /mnt/etc/passwd", "print the inode of a file")],
    };

    private static int Run(Invocation invocation)
    {
        InodeRecord record = default;
        MountIoctl.Call(invocation.Text(PathArgument), IoctlCommand.InodeGet, ref record);
        List<(string Name, string Text)> fields = FieldsOf(record.Meta, invocation.Terminal.Time.LocalTimeZone);
        if (invocation.Has(CommonOptions.Json))
        {
            using Report report = invocation.OpenReport();
            foreach ((string name, string text) in fields) report.Detail(name, Cell.Text(text));
            return ExitCode.Ok;
        }
        foreach ((string name, string text) in fields) invocation.Terminal.Out.WriteLine($"{name} = {text}");
        return ExitCode.Ok;
    }

    /// <summary>The fields with their texts, as upstream prints them.</summary>
    internal static List<(string Name, string Text)> FieldsOf(in InodeMeta meta, TimeZoneInfo zone) =>
    [
        ("version", Number(meta.Version)),
        ("pfs_subtype", $"{(byte)meta.PfsSubtype} ({UpstreamNames.Of(meta.PfsSubtype)})"),
        ("uflags", Hex((uint)meta.UserFlags)),
        ("rmajor", Number(meta.DeviceMajor)),
        ("rminor", Number(meta.DeviceMinor)),
        ("ctime", Time(meta.ChangeTime, zone)),
        ("mtime", Time(meta.ModifyTime, zone)),
        ("atime", Time(meta.AccessTime, zone)),
        ("btime", Time(meta.BirthTime, zone)),
        ("uid", meta.UserId.ToString()),
        ("gid", meta.GroupId.ToString()),
        ("type", $"{(byte)meta.Type} ({UpstreamNames.Of(meta.Type)})"),
        ("op_flags", Hex((byte)meta.OperationFlags)),
        ("cap_flags", Hex(meta.CapabilityFlags)),
        ("mode", "0" + Convert.ToString(meta.Mode, 8)),
        ("inum", Hex(meta.Inum)),
        ("size", Number(meta.Size)),
        ("nlinks", Number(meta.LinkCount)),
        ("iparent", Hex(meta.ParentInum)),
        ("name_key", Hex(meta.NameKey)),
        ("name_len", Number(meta.NameBytes)),
        ("ncopies", Number(meta.CopyCount)),
        ("comp_algo", Number(meta.CompressionPolicy)),
        ("check_algo", Number(meta.CheckPolicy)),
        ("pfs_nmasters", Number(meta.PfsMasters)),
        ("pfs_type", $"{meta.PfsRole} ({UpstreamNames.Of(meta.PfsType)})"),
        ("pfs_inum", Hex(meta.PfsInum)),
        ("pfs_clid", meta.PfsClusterId.ToString()),
        ("pfs_fsid", meta.PfsNodeId.ToString()),
        ("data_quota", Hex(meta.DataQuota)),
        ("inode_quota", Hex(meta.InodeQuota)),
        ("pfs_lsnap_tid", Hex(meta.PfsSnapshotTid)),
        ("decrypt_check", Hex(meta.DecryptCheck)),
    ];

    private static string Number(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Hex(ulong number) => "0x" + number.ToString("x", CultureInfo.InvariantCulture);

    private static string Time(ulong microseconds, TimeZoneInfo zone)
    {
        ulong seconds = Math.Min(microseconds / 1_000_000, (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds());
        DateTimeOffset time = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds((long)seconds), zone);
        return time.ToString("dd-MMM-yyyy HH:mm:ss", CultureInfo.InvariantCulture);
    }
}
