// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Linq;
using Hammer2.Admin.Recovery;
using Hammer2.Format;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Recover;

/// <summary>Recovered objects as lines and as JSON.</summary>
internal static class RecoveredText
{
    /// <summary>What is known of the data: whole, older (whole in an older version only), damaged, or unread.</summary>
    public static string StateOf(RecoveredObject one) => !one.IsRead ? "unread"
        : one.Gaps.Count > 0 ? "damaged"
        : one.NewerTotal > 0 ? "older"
        : "whole";

    /// <summary>Writes one object.</summary>
    /// <param name="report">The list of them is open.</param>
    /// <param name="one">The object.</param>
    /// <param name="failure">Why it was not written to a directory; null otherwise.</param>
    /// <param name="unit">The unit of sizes.</param>
    public static void Write(Report report, RecoveredObject one, string? failure, ByteUnit unit)
    {
        report.BeginEntry(LineOf(one, unit));
        report.Detail("state", Cell.Text(StateOf(one)));
        report.Detail("deleted", Cell.Flag(one.IsDeleted));
        report.Detail("type", Cell.Text(MediaText.Kind(one.Meta.Type)));
        report.Detail("inum", Cell.Number(one.Meta.Inum));
        report.Detail("pfs", one.Label is null ? Cell.Absent : Cell.Text(NameText.Escape(one.Label)));
        report.Detail("size", Cell.Number(one.Meta.Size));
        report.Detail("missing", Cell.Number(one.MissingBytes));
        report.Detail("modified", Cell.Time(one.Meta.ModifyTime));
        report.Detail("changed", Cell.Time(one.Meta.ChangeTime));
        report.Detail("modifyTid", Cell.Hex(one.ModifyTid));
        report.Detail("versions", Cell.Number(one.VersionsTotal));
        report.Detail("newer", Cell.Number(one.NewerTotal));
        report.Detail("pathKnown", Cell.Flag(one.IsPathKnown));
        report.Detail("failure", Cell.Text(failure));
        report.BeginList("paths");
        foreach (byte[] path in one.Paths)
        {
            report.BeginUntitledEntry();
            report.Detail("path", Cell.Text("/" + NameText.Escape(path)));
            report.EndEntry();
        }
        report.EndList();
        report.BeginList("gaps");
        foreach (RecoveredGap gap in one.Gaps)
        {
            report.BeginUntitledEntry();
            report.Detail("first", Cell.Number(gap.First));
            report.Detail("end", Cell.Number(gap.End));
            report.EndEntry();
        }
        report.EndList();
        report.EndEntry();
    }

    private static string LineOf(RecoveredObject one, ByteUnit unit)
    {
        string size = one.Meta.Type == ObjectType.Directory ? "-" : ByteUnits.Format(one.Meta.Size, unit);
        string label = one.Label is null ? "?" : NameText.Escape(one.Label);
        string paths = string.Join("  ", one.Paths.Select(path => $"{label}:/{NameText.Escape(path)}"));
        string missing = one.MissingBytes > 0 ? $"  ({ByteUnits.Format(one.MissingBytes, unit)} missing)" : "";
        string versions = one.VersionsTotal > 1
            ? string.Create(
                CultureInfo.InvariantCulture, $"  (version {one.VersionsTotal - one.NewerTotal} of {one.VersionsTotal})")
            : "";
        string kind = MediaText.Kind(one.Meta.Type);
        return $"{StateOf(one),-8}{kind,-10}{size,9}  {TimeText.Format(one.Meta.ModifyTime)[..16]}  {paths}{missing}{versions}";
    }
}
