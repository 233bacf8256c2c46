// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Hammer2.Format;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>Listings of what a mount answers, in the form of upstream's command.</summary>
internal static class MountListings
{
    /// <summary>Lists the PFSs on the first node of a mount, ordered by label.</summary>
    /// <exception cref="CommandException">It is not a mount of HAMMER2, or the caller may not ask.</exception>
    public static List<PfsIoctlRecord> PfsOf(string path)
    {
        var found = new List<PfsIoctlRecord>();
        ulong key = 0;
        // One for each PFS: opening the path is two requests of its own.
        using MountHandle handle = MountIoctl.Open(path);
        // Keys ascend: what is created meanwhile cannot make this endless.
        while (key != PfsIoctlRecord.NoKey)
        {
            var record = new PfsIoctlRecord { Key = key };
            MountIoctl.Call(handle, path, IoctlCommand.PfsGet, ref record);
            found.Add(record);
            key = record.NextKey > record.Key ? record.NextKey : PfsIoctlRecord.NoKey;
        }
        found.Sort(static (left, right) => string.CompareOrdinal(LabelOf(left), LabelOf(right)));
        return found;
    }

    /// <summary>The label of a PFS, a string of <see cref="ByteText"/>.</summary>
    public static string LabelOf(PfsIoctlRecord record) => MountDevices.TextOf(record.Label);

    /// <summary>Writes the list of PFSs as upstream does.</summary>
    public static void WritePfs(TextWriter to, string path, IEnumerable<PfsIoctlRecord> list)
    {
        to.WriteLine($"{"Type",-11} {"ClusterId (pfs_clid)",-36} Label on {ByteText.ToPrintable(path)}");
        foreach (PfsIoctlRecord pfs in list)
        {
            string type = UpstreamNames.Of(pfs.Type, pfs.Subtype);
            to.WriteLine($"{type,-11} {pfs.ClusterId} {ByteText.ToPrintable(LabelOf(pfs))}");
        }
    }

    /// <summary>Writes the list of PFSs as an entry of a report.</summary>
    public static void WritePfs(Report report, string path, IEnumerable<PfsIoctlRecord> list)
    {
        report.BeginEntry(path);
        report.Detail("name", Cell.Text(path));
        report.BeginTable("pfs", new Column("type", "TYPE"), new Column("subtype", "SUBTYPE"),
            new Column("clusterId", "CLUSTER ID"), new Column("nodeId", "NODE ID"), new Column("key", ""),
            new Column("label", "LABEL"));
        foreach (PfsIoctlRecord pfs in list)
        {
            report.Row(Cell.Text(UpstreamNames.Of(pfs.Type)), Cell.Text(MediaText.Subtype(pfs.Subtype)),
                Cell.Text(pfs.ClusterId.ToString()), Cell.Text(pfs.NodeId.ToString()), Cell.Hex(pfs.Key),
                Cell.Text(NameText.Escape(ByteText.Encode(LabelOf(pfs)))));
        }
        report.EndTable();
        report.EndEntry();
    }

    /// <summary>Writes the list of volumes as upstream does.</summary>
    public static void WriteVolumes(TextWriter to, VolumeListRecord list)
    {
        VolumeRecord[] volumes = [.. MountDevices.VolumesOf(list)];
        int width = volumes.Max(volume => MountDevices.PathOf(volume).Length);
        to.WriteLine($"version {list.Version}");
        to.WriteLine("@" + ByteText.ToPrintable(MountDevices.TextOf(list.Label)));
        foreach (VolumeRecord volume in volumes)
        {
            string path = ByteText.ToPrintable(MountDevices.PathOf(volume)).PadRight(width);
            to.WriteLine($"volume{volume.Id,-2} {path} {UpstreamSizes.Bytes(volume.LengthBytes)}");
        }
    }

    /// <summary>Writes the list of volumes as an entry of a report.</summary>
    public static void WriteVolumes(Report report, string path, VolumeListRecord list)
    {
        report.BeginEntry(path);
        report.Detail("version", Cell.Number((ulong)list.Version));
        report.Detail("label", Cell.Text(MountDevices.TextOf(list.Label)));
        report.BeginTable("volumes", new Column("id", "VOLUME"), new Column("device", "DEVICE"),
            new Column("start", "START"), new Column("size", "SIZE"));
        foreach (VolumeRecord volume in MountDevices.VolumesOf(list))
        {
            report.Row(Cell.Number((ulong)volume.Id), Cell.Text(MountDevices.PathOf(volume)), Cell.Hex(volume.Start),
                Cell.Bytes(volume.LengthBytes));
        }
        report.EndTable();
        report.EndEntry();
    }
}
