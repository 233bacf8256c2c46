// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Admin;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints which filesystems are on devices.</summary>
internal static class InfoCommand
{
    public static readonly CommandRow Row = new("info", "print which filesystem is on devices, and which header copy is used",
        Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Prints the identity, size and usage of each filesystem, its volumes, and every header copy of each
            volume: which one is used, and the faults of the others.

            Free space is the count in the header. It may differ from the freemap, which 'hammer2 freemap' reads.
            """,
        Arguments = [MediaOptions.Volumes],
        Options = MediaOptions.All,
        HasUnits = true,
        Examples =
        [
            new("hammer2 info /dev/sdb1", "examine a partition"),
            new("hammer2 info a.img:b.img", "examine a filesystem of two volumes"),
        ],
    };

    private static int Run(Invocation invocation)
    {
        using Report report = invocation.OpenReport();
        report.BeginList("filesystems");
        int code = MediaOptions.ForEach(invocation, (_, volumes) =>
        {
            report.BeginEntry(volumes.Name);
            WriteFilesystem(report, volumes);
            report.EndEntry();
            return ExitCode.Ok;
        });
        report.EndList();
        return code;
    }

    /// <summary>Writes what a filesystem's headers say.</summary>
    internal static void WriteFilesystem(Report report, VolumeSet volumes)
    {
        ref readonly VolumeHeaderSector fields = ref volumes.Header.Fields;
        report.Value("name", "devices", Cell.Text(volumes.Name));
        report.Value("fsid", "filesystem id", Cell.Text(fields.FilesystemId.ToString()));
        report.Value("version", "format version", Cell.Number(fields.Version));
        report.Value("size", "size", Cell.Bytes(volumes.TotalBytes));
        report.Value("allocatorSize", "allocatable", Cell.Bytes(fields.AllocatorBytes));
        report.Value("allocatorFree", "free", Cell.Bytes(fields.AllocatorFree));
        report.Value("allocatorBegin", "allocator begins at", Cell.Hex(fields.AllocatorBegin));
        report.Value("bootBytes", "boot area", Cell.Bytes(fields.BootEnd - fields.BootBegin));
        report.Value("auxBytes", "aux area", Cell.Bytes(fields.AuxEnd - fields.AuxBegin));
        report.Value("mirrorTid", "last flush", Cell.Hex(fields.MirrorTid));
        report.Value("freemapTid", "last freemap flush", Cell.Hex(fields.FreemapTid));
        PfsCatalog catalog = PfsCatalog.Read(volumes);
        report.Value("pfsCount", "PFSs", Cell.Number(catalog.Records.Count));
        if (catalog.Faults.Count > 0)
            report.Value("pfsUnreadable", "PFSs unreadable", Cell.Number(catalog.Faults.Count));
        WriteVolumes(report, volumes);
        WriteHeaders(report, volumes);
        report.BeginTable("notes", new Column("note", "NOTES"));
        foreach (string note in volumes.Notes) report.Row(Cell.Text(note));
        report.EndTable();
    }

    /// <summary>Writes the table of volumes, which volume-list prints too.</summary>
    public static void WriteVolumes(Report report, VolumeSet volumes)
    {
        report.BeginTable("volumes", new Column("id", "VOLUME"), new Column("device", "DEVICE"),
            new Column("start", "START"), new Column("size", "SIZE"), new Column("deviceSize", "DEVICE SIZE"));
        foreach (Volume volume in volumes.Volumes)
        {
            report.Row(Cell.Number(volume.Index), Cell.Text(volume.Device.Name), Cell.Hex(volume.Start),
                Cell.Bytes(volume.LengthBytes), Cell.Bytes((ulong)volume.Device.LengthBytes));
        }
        report.EndTable();
    }

    /// <summary>Writes the table of header copies, with the fault of each.</summary>
    public static void WriteHeaders(Report report, VolumeSet volumes)
    {
        report.BeginTable("headers", new Column("volume", "VOLUME"), new Column("copy", "HEADER"),
            new Column("offset", "AT"), new Column("used", "USED"), new Column("mirrorTid", "MIRROR TID"),
            new Column("freemapTid", "FREEMAP TID"), new Column("fault", "FAULT"));
        foreach (Volume volume in volumes.Volumes)
        {
            foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
            {
                report.Row(
                    Cell.Number(volume.Index), Cell.Number(copy.CopyIndex), Cell.Hex((ulong)copy.Offset),
                    Cell.Flag(copy.Header == volume.Header),
                    copy.Header is null ? Cell.Absent : Cell.Hex(copy.Header.Fields.MirrorTid),
                    copy.Header is null ? Cell.Absent : Cell.Hex(copy.Header.Fields.FreemapTid),
                    Cell.Text(copy.Fault));
            }
        }
        report.EndTable();
    }
}
