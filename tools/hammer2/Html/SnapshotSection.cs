// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;
using Hammer2.Admin;
using Hammer2.Format;
using Hammer2.Snapshots.Usage;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Html;

/// <summary>The part of the page about PFSs and snapshots over time.</summary>
internal static class SnapshotSection
{
    private const int BarsMax = 120;

    /// <summary>Writes it.</summary>
    /// <param name="page">Receives it.</param>
    /// <param name="catalog">The PFSs.</param>
    /// <param name="usage">What each holds alone; null when that is not known.</param>
    /// <param name="unit">The unit of sizes.</param>
    public static void Write(HtmlReport page, PfsCatalog catalog, FilesystemUsage? usage, ByteUnit unit)
    {
        Dictionary<string, PfsUsage> known = usage?.Pfses.ToDictionary(static pfs => NameText.Escape(pfs.Label)) ?? [];
        PfsRecord[] records = [.. catalog.Records.OrderBy(static pfs => pfs.Meta.BirthTime)
            .ThenBy(static pfs => pfs.Key)];
        WriteTable(page, records, known);
        page.BeginTable("unreadable", new Column("key", "KEY"), new Column("fault", "FAULT"));
        foreach (PfsFault fault in catalog.Faults) page.Row(Cell.Hex(fault.Reference.Key), Cell.Text(fault.Fault.Reason));
        page.EndTable();
        if (usage is null) return;
        page.Value("shared", "shared by several", Cell.Bytes(usage.SharedBytes));
        Bar[] bars = [.. records.Where(static pfs => pfs.Meta.PfsSubtype != PfsSubtype.None)
            .Where(pfs => known.ContainsKey(NameText.Escape(pfs.Label))).TakeLast(BarsMax)
            .Select(pfs => BarOf(pfs, known[NameText.Escape(pfs.Label)]))];
        if (bars.Length == 0) return;
        const string Shows = "What each snapshot holds alone, from the oldest to the newest: file data, and above it the rest";
        page.Figure(Shows, to => BarChart.Write(Shows, bars, bytes => ByteUnits.Format(bytes, unit), to));
    }

    private static void WriteTable(HtmlReport page, PfsRecord[] records, Dictionary<string, PfsUsage> known)
    {
        page.BeginTable("snapshotsByTime", new Column("label", "LABEL"), new Column("subtype", "SUBTYPE"),
            new Column("created", "CREATED"), new Column("inodes", "INODES"), new Column("referenced", "REFERENCED"),
            new Column("aloneData", "ALONE: DATA"), new Column("aloneMetadata", "METADATA"),
            new Column("holds", "HOLDS"), new Column("compression", "COMPRESSION"), new Column("check", "CHECK"));
        foreach (PfsRecord pfs in records)
        {
            string label = NameText.Escape(pfs.Label);
            PfsUsage? usage = known.GetValueOrDefault(label);
            page.Row(Cell.Text(label), Cell.Text(MediaText.Subtype(pfs.Meta.PfsSubtype)),
                pfs.Meta.BirthTime == 0 ? Cell.Absent : Cell.Time(pfs.Meta.BirthTime), Cell.Number(pfs.InodesTotal),
                Cell.Bytes(pfs.DataBytes), usage is null ? Cell.Absent : Cell.Bytes(usage.AloneDataBytes),
                usage is null ? Cell.Absent : Cell.Bytes(usage.AloneMetadataBytes), HoldsOf(pfs),
                Cell.Text(MediaText.CompressionPolicy(pfs.Meta.CompressionPolicy)),
                Cell.Text(MediaText.Check(pfs.Meta.Check)));
        }
        page.EndTable();
    }

    private static Cell HoldsOf(PfsRecord pfs)
    {
        var holds = new List<PfsHold>();
        if (!PfsHolds.TryRead(pfs.AfterLabel, holds)) return Cell.Text("unreadable");
        return holds.Count == 0
            ? Cell.Absent
            : Cell.Text(string.Join(", ", holds.Select(static hold => NameText.Escape(hold.Name.Span))));
    }

    private static Bar BarOf(PfsRecord pfs, PfsUsage usage) => new(NameText.Escape(pfs.Label),
        pfs.Meta.BirthTime == 0 ? NameText.Escape(pfs.Label) : TimeText.Format(pfs.Meta.BirthTime),
        usage.AloneDataBytes, usage.AloneMetadataBytes);
}
