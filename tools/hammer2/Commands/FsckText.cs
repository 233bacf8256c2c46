// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Admin.Fsck;
using Hammer2.Admin.Fsck.Cluster;
using Hammer2.Admin.Fsck.Repair;
using Hammer2.Devices;
using Hammer2.Membership;
using Hammer2.Tool.Output;
using Linux.Text;

namespace Hammer2.Tool.Commands;

/// <summary>The report of a check, as text or JSON.</summary>
internal sealed class FsckText
{
    private readonly Report _report;
    private readonly bool _isBrief;
    private readonly ByteUnit _unit;

    /// <summary>Writes to a report.</summary>
    /// <param name="report">Text or JSON.</param>
    /// <param name="isBrief">True to print only one line for a clean filesystem.</param>
    /// <param name="unit">The unit of sizes in that line.</param>
    public FsckText(Report report, bool isBrief, ByteUnit unit)
    {
        _report = report;
        _isBrief = isBrief;
        _unit = unit;
    }

    /// <summary>Writes the result for one filesystem: a summary line, totals, and the findings by severity.</summary>
    public void Write(VolumeSet volumes, FsckReport result, FsckRepairReport? repair)
    {
        Report report = _report;
        string verdict = result.Errors > 0 ? "DAMAGED" : result.Warnings > 0 ? "inconsistent" : "clean";
        if (repair is { HasChanged: true }) verdict = "repaired, now " + verdict;
        bool isBrief = _isBrief && result.IsClean && repair is not { HasChanged: true };
        if (isBrief) verdict += $", {result.Inodes} inodes, {ByteUnits.Format(result.BytesReachable, _unit)} in use";
        report.BeginEntry(volumes.Name + ": " + verdict);
        report.Detail("name", Cell.Text(volumes.Name));
        Fact("clean", "clean", Cell.Flag(result.IsClean));
        Fact("errors", "errors", Cell.Number(result.Errors));
        Fact("warnings", "warnings", Cell.Number(result.Warnings));
        Fact("notes", "notes", Cell.Number(result.Notes));
        Fact("pfses", "PFSs", Cell.Number(result.Pfses));
        Fact("inodes", "inodes", Cell.Number(result.Inodes));
        Fact("entries", "directory entries", Cell.Number(result.Entries));
        Fact("indirects", "indirect blocks", Cell.Number(result.Indirects));
        Fact("dataBlocks", "data blocks", Cell.Number(result.DataBlocks));
        Fact("freemapBlocks", "freemap blocks", Cell.Number(result.FreemapBlocks));
        Fact("bytesRead", "read", Cell.Bytes(result.BytesRead));
        Fact("bytesReachable", "in use", Cell.Bytes(result.BytesReachable));
        Fact("bytesLeaked", "leaked", Cell.Bytes(result.BytesLeaked));
        WriteTotals(report, result, isBrief);
        if (repair is not null) WriteRepair(report, repair);
        report.BeginList("findings");
        foreach (FsckFinding finding in result.Findings) WriteFinding(report, finding, isBrief);
        report.EndList();
        report.EndEntry();

        void Fact(string key, string label, Cell value)
        {
            if (isBrief) report.Detail(key, value);
            else report.Value(key, label, value);
        }
    }

    /// <summary>Writes the nodes of a cluster and the differences between them.</summary>
    public static void Write(Report report, ClusterReport cluster)
    {
        string label = NameText.Escape(ByteText.Encode(cluster.Label));
        report.BeginEntry($"cluster {label}: {(cluster.IsClean ? "all nodes are equal" : "nodes DIFFER")}");
        report.Detail("label", Cell.Text(label));
        report.Detail("clean", Cell.Flag(cluster.IsClean));
        report.Value("quorum", "quorum", Cell.Number(cluster.Quorum));
        report.Value("commit", "commit", Cell.Hex(cluster.CommitTid));
        report.Value("masters", "masters", Cell.Number(cluster.Membership.MastersTotal));
        report.Value("holders", "nodes that have it", Cell.Number(cluster.Membership.SyncedTotal));
        report.Value("obstacle", "cannot be written", Cell.Text(MembershipText.Describe(cluster.Membership)));
        report.Value("compared", "compared", Cell.Number(cluster.Compared));
        report.Value("differences", "differences", Cell.Number(cluster.DifferencesTotal));
        report.BeginTable("nodes", new Column("name", "NODE"), new Column("state", "STATE"), new Column("commit", "COMMIT"),
            new Column("detail", "DETAIL"));
        foreach (ClusterNode node in cluster.Nodes)
        {
            report.Row(Cell.Text(node.Name), Cell.Text(node.State.ToString()), Cell.Hex(node.Root.Reference.ModifyTid),
                Cell.Text(node.Detail));
        }
        report.EndTable();
        report.BeginList("findings");
        foreach (FsckFinding finding in cluster.Findings) WriteFinding(report, finding, isBrief: false);
        report.EndList();
        report.EndEntry();
    }

    private static void WriteRepair(Report report, FsckRepairReport repair)
    {
        report.Detail("errorsBefore", Cell.Number(repair.Before.Errors));
        report.Detail("warningsBefore", Cell.Number(repair.Before.Warnings));
        report.BeginList("repairs");
        foreach (string done in repair.Done)
        {
            report.BeginEntry("REPAIRED " + done);
            report.Detail("text", Cell.Text(done));
            report.EndEntry();
        }
        report.EndList();
    }

    private static void WriteTotals(Report report, FsckReport result, bool isBrief)
    {
        if (isBrief)
        {
            report.BeginList("totals");
            foreach (KeyValuePair<FsckCode, long> total in result.Totals)
            {
                report.BeginUntitledEntry();
                report.Detail("code", Cell.Text(total.Key.ToString()));
                report.Detail("count", Cell.Number(total.Value));
                report.EndEntry();
            }
            report.EndList();
            return;
        }
        report.BeginTable("totals", new Column("code", "FINDING"), new Column("count", "COUNT"));
        foreach (KeyValuePair<FsckCode, long> total in result.Totals)
            report.Row(Cell.Text(total.Key.ToString()), Cell.Number(total.Value));
        report.EndTable();
    }

    private static void WriteFinding(Report report, FsckFinding finding, bool isBrief)
    {
        string severity = finding.Severity.ToString();
        string? path = finding.Path is null ? null : NameText.Escape(finding.Path);
        string? label = finding.Label is null ? null : NameText.Escape(ByteText.Encode(finding.Label));
        string pfs = label is null ? "" : label + ": ";
        string named = path is null ? "" : path + ": ";
        if (isBrief) report.BeginUntitledEntry();
        else report.BeginEntry($"{severity.ToUpperInvariant()} {pfs}{named}{finding.Text} [{finding.Code}; {finding.Location}]");
        report.Detail("severity", Cell.Text(severity));
        report.Detail("code", Cell.Text(finding.Code.ToString()));
        report.Detail("repairable", Cell.Flag(finding.IsRepairable));
        report.Detail("text", Cell.Text(finding.Text));
        report.Detail("place", Cell.Text(finding.Location));
        report.Detail("address", finding.Address == 0 ? Cell.Absent : Cell.Hex(finding.Address));
        report.Detail("pfs", Cell.Text(label));
        report.Detail("pfsKey", finding.PfsKey == 0 ? Cell.Absent : Cell.Hex(finding.PfsKey));
        report.Detail("inum", finding.Inum == 0 ? Cell.Absent : Cell.Number(finding.Inum));
        report.Detail("key", Cell.Hex(finding.Key));
        report.Detail("path", Cell.Text(path));
        report.EndEntry();
    }
}
