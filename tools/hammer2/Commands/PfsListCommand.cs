// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Mounts;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Lists the PFSs of filesystems, including snapshots.</summary>
internal static class PfsListCommand
{
    public static readonly CommandRow Row = new("pfs-list", "list the PFSs and snapshots of filesystems", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Each PFS is a tree of files with a label, by which it is mounted. A snapshot is a PFS that shares
            blocks with its origin. PFSs with the same cluster id, on one filesystem or several, are nodes of
            one cluster.

            Of a mount, all PFSs of its first node are listed in the form of upstream's command.

            The number of masters is the stored one; 0 means that it is not stored and the masters present are counted.
            """,
        Arguments = [MediaOptions.Volumes],
        Options = MediaOptions.All,
        HasUnits = true,
        Selects = SelectedPath.WhenAlone,
        Examples =
        [
            new("hammer2 pfs-list disk.img", "list the labels that can be mounted"),
            new("hammer2 pfs-list --json n0.img n1.img | jq '.filesystems[].pfs[].clusterId'",
                "compare the nodes of a cluster"),
        ],
        ExitCodes = [],
    };

    private static int Run(Invocation invocation)
    {
        using Report report = invocation.OpenReport();
        report.BeginList("filesystems");
        int code = MediaOptions.ForEach(invocation, path => WriteMount(invocation, report, path),
            (_, volumes) => Write(report, volumes));
        report.EndList();
        return code;
    }

    private static int WriteMount(Invocation invocation, Report report, string path)
    {
        List<PfsIoctlRecord> list = MountListings.PfsOf(path);
        if (invocation.Has(CommonOptions.Json)) MountListings.WritePfs(report, path, list);
        else MountListings.WritePfs(invocation.Terminal.Out, path, list);
        return ExitCode.Ok;
    }

    private static int Write(Report report, VolumeSet volumes)
    {
        PfsCatalog catalog = PfsCatalog.Read(volumes);
        report.BeginEntry(volumes.Name);
        report.Detail("name", Cell.Text(volumes.Name));
        report.Detail("fsid", Cell.Text(volumes.FilesystemId.ToString()));
        report.BeginTable("pfs", new Column("type", "TYPE"),
            new Column("subtype", "SUBTYPE"), new Column("clusterId", "CLUSTER ID"), new Column("nodeId", "NODE ID"),
            new Column("masters", "MASTERS"), new Column("inodes", "INODES"), new Column("dataBytes", "DATA"),
            new Column("nextInum", "NEXT INUM"), new Column("modifyTid", "MODIFY TID"),
            new Column("snapshotTid", ""), new Column("compression", "COMPRESSION"), new Column("check", "CHECK"),
            new Column("changed", "CHANGED"), new Column("key", ""), new Column("label", "LABEL"));
        foreach (PfsRecord pfs in catalog.Records) WriteRow(report, pfs);
        report.EndTable();
        report.BeginTable("unreadable", new Column("kind", "UNREADABLE"), new Column("key", "KEY"),
            new Column("address", "AT"), new Column("fault", "FAULT"));
        foreach (PfsFault fault in catalog.Faults)
        {
            report.Row(Cell.Text(MediaText.Kind(fault.Reference.Type)), Cell.Hex(fault.Reference.Key),
                Cell.Text(volumes.DescribeLocation(fault.Reference.Data.Bytes)), Cell.Text(fault.Fault.Reason));
        }
        report.EndTable();
        report.EndEntry();
        return catalog.Faults.Count == 0 ? ExitCode.Ok : ExitCode.Damage;
    }

    private static void WriteRow(Report report, PfsRecord pfs)
    {
        InodeMeta meta = pfs.Meta;
        report.Row(
            Cell.Text(MediaText.Role(meta)),
            Cell.Text(MediaText.Subtype(meta.PfsSubtype)),
            Cell.Text(meta.PfsClusterId.ToString()),
            Cell.Text(meta.PfsNodeId.ToString()),
            Cell.Number(meta.PfsMasters),
            Cell.Number(pfs.InodesTotal),
            Cell.Bytes(pfs.DataBytes),
            Cell.Number(meta.PfsInum),
            Cell.Hex(pfs.Reference.ModifyTid),
            Cell.Hex(meta.PfsSnapshotTid),
            Cell.Text(MediaText.CompressionPolicy(meta.CompressionPolicy)),
            Cell.Text(MediaText.Check(meta.Check)),
            Cell.Time(meta.ChangeTime),
            Cell.Hex(pfs.Key),
            Cell.Text(NameText.Escape(pfs.Label)));
    }
}
