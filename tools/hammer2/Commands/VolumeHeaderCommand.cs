// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Hammer2.Devices;
using Hammer2.Format;
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Commands;

/// <summary>Prints all fields of volume headers with upstream's names.</summary>
internal static class VolumeHeaderCommand
{
    private const double Giga = 1 << 30;

    private static readonly OptionRow All = new("--all", "every valid copy, not the one in use alone") { Short = "-v" };

    public static readonly CommandRow Row = new("volhdr", "print all fields of the volume headers", Run)
    {
        Group = CommandGroup.Media,
        Description = """
            Prints the fields of the header copy in use of each volume under upstream's names. The references to the
            super-root and the freemap are printed by 'hammer2 show'.
            """,
        Arguments = [MediaOptions.Volume],
        Options = [All, .. MediaOptions.All],
        Examples = [new("hammer2 volhdr disk.img", "print a header")],
    };

    private static int Run(Invocation invocation)
    {
        using VolumeSet volumes = MediaOptions.Open(
            invocation, MediaOptions.ParseReadable(invocation.Text(MediaOptions.Volume)));
        bool isJson = invocation.Has(CommonOptions.Json);
        using Report? report = isJson ? invocation.OpenReport() : null;
        report?.BeginList("headers");
        foreach (Volume volume in volumes.Volumes)
        {
            foreach (VolumeHeader header in HeadersOf(volume, invocation.Has(All)))
            {
                if (report is not null) Write(report, volume, header);
                else Write(invocation.Terminal.Out, header);
            }
        }
        report?.EndList();
        return ExitCode.Ok;
    }

    private static IEnumerable<VolumeHeader> HeadersOf(Volume volume, bool all)
    {
        if (!all)
        {
            yield return volume.Header;
            yield break;
        }
        foreach (VolumeHeaderCopy copy in volume.Copies.Copies)
            if (copy.Header is not null) yield return copy.Header;
    }

    private static void Write(Report report, Volume volume, VolumeHeader header)
    {
        report.BeginUntitledEntry();
        report.Detail("device", Cell.Text(volume.Device.Name));
        report.Detail("copy", Cell.Number(header.CopyIndex));
        foreach ((string name, string text, double? _) in FieldsOf(header)) report.Detail(name, Cell.Text(text));
        report.EndEntry();
    }

    private static void Write(TextWriter to, VolumeHeader header)
    {
        to.WriteLine();
        to.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Volume {header.Fields.VolumeIndex} header {header.CopyIndex} {{"));
        foreach ((string name, string text, double? size) in FieldsOf(header))
        {
            string unit = name.EndsWith("_end", StringComparison.Ordinal) ? "MB" : "GB";
            string shown = size is { } units
                ? $" ({units.ToString("F2", CultureInfo.InvariantCulture),6}{unit})"
                : "";
            to.WriteLine($"    {name,-14} {text}{shown}");
        }
        to.WriteLine("}");
    }

    // Names, texts and, of sizes, their number of units.
    private static List<(string Name, string Text, double? Units)> FieldsOf(VolumeHeader header)
    {
        ref readonly VolumeHeaderSector fields = ref header.Fields;
        const double Mega = 1 << 20;
        List<(string, string, double?)> found =
        [
            ("magic", Hex(fields.Magic), null),
            ("boot_beg", Hex(fields.BootBegin), null),
            ("boot_end", Hex(fields.BootEnd), (fields.BootEnd - fields.BootBegin) / Mega),
            ("aux_beg", Hex(fields.AuxBegin), null),
            ("aux_end", Hex(fields.AuxEnd), (fields.AuxEnd - fields.AuxBegin) / Mega),
            ("volu_size", Hex(fields.VolumeBytes), fields.VolumeBytes / Giga),
            ("version", Number(fields.Version), null),
            ("flags", $"0x{fields.Flags:x8}", null),
            ("copyid", Number(fields.CopyId), null),
            ("freemap_vers", Number(fields.FreemapVersion), null),
            ("peer_type", Number(fields.PeerType), null),
            ("volu_id", Number(fields.VolumeIndex), null),
            ("nvolumes", Number(fields.VolumesTotal), null),
            ("fsid", fields.FilesystemId.ToString(), null),
            ("fstype", fields.FilesystemType.ToString(), null),
            ("allocator_size", Hex(fields.AllocatorBytes), fields.AllocatorBytes / Giga),
            ("allocator_free", Hex(fields.AllocatorFree), fields.AllocatorFree / Giga),
            ("allocator_beg", Hex(fields.AllocatorBegin), fields.AllocatorBegin / Giga),
            ("mirror_tid", Hex(fields.MirrorTid), null),
            ("freemap_tid", Hex(fields.FreemapTid), null),
            ("bulkfree_tid", Hex(fields.BulkfreeTid), null),
            ("total_size", Hex(fields.TotalBytes), null),
        ];
        for (int index = 0; index < header.VolumeStarts.Length; index++)
        {
            ulong start = header.VolumeStarts[index];
            if (!header.IsVersion1 && start != ulong.MaxValue)
                found.Add(($"volu_loff[{Number((uint)index)}]", Hex(start), null));
        }
        return found;
    }

    private static string Hex(ulong number) => "0x" + number.ToString("x16", CultureInfo.InvariantCulture);

    private static string Number(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
