// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Newfs;
using Hammer2.Devices;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Newfs;
using Hammer2.Tool.Output;
using Hammer2.Tool.Populate;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>Makes filesystems.</summary>
internal static class NewfsCommand
{
    public static readonly CommandRow Row = new("newfs", "make a filesystem, or all nodes of a cluster", Run)
    {
        Group = CommandGroup.Media,
        Aliases = ["mkfs"],
        ProgramNames = ["newfs_hammer2", "mkfs.hammer2", "mkfs_hammer2"],
        Description = """
            Makes a filesystem of one or more volumes. Each volume but the last is used in whole GiB, the last
            in units of 8 MiB. Every filesystem has a PFS called LOCAL, for data of the device itself; files go
            into the other PFSs. Files in a PFS called BOOT are not compressed.

            A device that is mounted or otherwise in use is always rejected. A device with a filesystem, a
            partition table or part of an array or container, and a file with any byte that is not zero, are
            rejected unless forced, and the content found is named. Headers are written last, so that after a
            power failure there is either no filesystem or the complete one.

            The root directories belong to the user that runs the command, unless --owner names another; one
            that is filled by --populate belongs to the owner of the source.

            With --cluster, each argument is a separate filesystem, and all get a PFS that is a master of one
            cluster: mount it by naming all of them. With --populate, the files of a directory are copied into
            the first PFS, or into the cluster: with holes, hard links, owners, permissions and times, and
            extended attributes, those aside that cannot be stored, which are listed.

            With --join, the filesystem gets a node of the cluster that another device has a node of, which may be
            mounted: a master without content, in place of one that is lost. It is not counted and not read until
            a mount that names it has copied everything to it.
            """,
        Arguments = [NewfsOptions.Device],
        Options = NewfsOptions.All,
        HasUnits = true,
        Examples =
        [
            new("mkfs.hammer2 /dev/sdb1", "make a filesystem on a partition"),
            new("hammer2 newfs -s 10g disk.img --populate photos", "make and populate an image file"),
            new("hammer2 newfs -s 4g:4g a.img b.img", "make one of two volumes"),
            new("hammer2 newfs --join /dev/sdb1@CL /dev/sdd1", "replace a lost node of a cluster"),
            new("hammer2 newfs --cluster CL -s 4g n0.img n1.img n2.img", "make a cluster of three nodes"),
        ],
        ExitCodes =
        [
            new(ExitCode.Ok, "everything was made"),
            new(ExitCode.Usage, "malformed command line"),
            new(ExitCode.CannotOpen, "a device cannot be opened, is in use, or has content"),
            new(ExitCode.Failed, "failed before completion; the reason is on standard error"),
            new(ExitCode.Internal, "a defect of this program"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        invocation.Interrupted = static () => "nothing was written";
        NewfsRequest request = NewfsRequest.Read(invocation);
        if (request.Populate is { } source && !LinuxPath.IsDirectory(source))
            throw new CommandException(ExitCode.Usage, $"{source}: is not a directory");
        var nodes = new List<NewfsNode>();
        try
        {
            // Everything is checked before anything is written.
            for (int index = 0; index < request.Nodes.Count; index++) nodes.Add(NewfsNode.Open(request, index));
            bool isDry = invocation.Has(NewfsOptions.DryRun);
            PopulateResult? filled = null;
            if (!isDry)
            {
                MakeAll(invocation, nodes);
                if (request.Populate is not null) filled = NewfsPopulation.Run(invocation, request, nodes);
            }
            if (!isDry) invocation.Interrupted = static () => "everything was completed";
            using Report report = invocation.OpenReport();
            report.BeginList("filesystems");
            foreach (NewfsNode node in nodes) Write(report, node, isDry, invocation.Has(NewfsOptions.Debug));
            report.EndList();
            return filled is null ? ExitCode.Ok : NewfsPopulation.Write(report, filled);
        }
        finally
        {
            foreach (NewfsNode node in nodes) node.Dispose();
        }
    }

    private static void MakeAll(Invocation invocation, List<NewfsNode> nodes)
    {
        int made = 0;
        invocation.Interrupted = () => NewfsProgressText.WhileMaking(nodes.ConvertAll(node => node.Name), made);
        foreach (NewfsNode node in nodes) node.CreateFiles();
        foreach (NewfsNode node in nodes)
        {
            Make(invocation, node);
            made++;
        }
    }

    private static void Make(Invocation invocation, NewfsNode node)
    {
        using var progress = new ProgressLine(invocation.Terminal);
        var writer = new FilesystemWriter(node.Wanted, node.Plan, node.Devices())
        {
            Discards = invocation.Has(NewfsOptions.Discard),
            Progress = now => progress.Show(
                $"newfs: {ProgressLine.Bar((double)now.DoneBytes / now.TotalBytes)} {node.Name}"),
        };
        if (writer.Write() is { } failure) throw new CommandException(ExitCode.Failed, failure.ToString());
    }

    private static void Write(Report report, NewfsNode node, bool isDry, bool isDebug)
    {
        VolumePlan plan = node.Plan;
        report.BeginEntry(node.Name + (isDry ? ": nothing was written" : ""));
        report.Value("name", "devices", Cell.Text(node.Name));
        report.Value("fsid", "filesystem id", Cell.Text(node.Wanted.FilesystemId.ToString()));
        report.Value("version", "format version", Cell.Number(node.Wanted.Version));
        report.Value("size", "size", Cell.Bytes(plan.TotalBytes));
        report.Value("bootBytes", "boot area", Cell.Bytes(plan.BootBytes));
        report.Value("auxBytes", "aux area", Cell.Bytes(plan.AuxBytes));
        report.Value("reservedBytes", "reserved", Cell.Bytes(plan.ReservedBytes));
        report.Value("allocatorSize", "allocatable", Cell.Bytes(plan.AllocatorBytes));
        report.BeginTable("pfs", new Column("label", "PFS"), new Column("masters", "MASTERS"),
            new Column("compression", "COMPRESSION"), new Column("check", "CHECK"), new Column("clusterId", "CLUSTER ID"),
            new Column("nodeId", "NODE ID"));
        foreach (NewPfs pfs in node.Wanted.Pfses)
        {
            report.Row(Cell.Text(NameText.Escape(pfs.Label)), Cell.Number(Math.Max(pfs.Masters, 1)),
                Cell.Text(MediaText.CompressionPolicy(pfs.CompressionPolicy)), Cell.Text(MediaText.Check(pfs.CheckUsed)),
                Cell.Text(pfs.ClusterId.ToString()), Cell.Text(pfs.NodeId.ToString()));
        }
        report.EndTable();
        if (isDebug) WriteVolumes(report, node);
        report.EndEntry();
    }

    private static void WriteVolumes(Report report, NewfsNode node)
    {
        report.BeginTable("volumes", new Column("id", "VOLUME"), new Column("device", "DEVICE"),
            new Column("start", "START"), new Column("size", "SIZE"), new Column("deviceSize", "DEVICE SIZE"),
            new Column("held", "PREVIOUS CONTENT"));
        for (int index = 0; index < node.Targets.Count; index++)
        {
            NewfsTarget target = node.Targets[index];
            PlannedVolume volume = node.Plan.Volumes[index];
            report.Row(Cell.Number(index), Cell.Text(target.Path), Cell.Hex(volume.Start),
                Cell.Bytes(volume.LengthBytes), Cell.Bytes((ulong)target.LengthBytes),
                target.Signatures.Count == 0 ? Cell.Absent : Cell.Text(SignatureProbe.Describe(target.Signatures)));
        }
        report.EndTable();
    }
}
