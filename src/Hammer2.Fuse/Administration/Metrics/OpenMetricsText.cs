// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Linux.Text;

namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Prints metrics as text of OpenMetrics 1.0.</summary>
internal static class OpenMetricsText
{
    private const string MountLabel = "mount";

    /// <summary>The metrics of a mount.</summary>
    public static byte[] Encode(MetricFacts facts, IReadOnlyList<MetricRow> rows)
    {
        var text = new StringBuilder();
        var mount = new MetricLabel(MountLabel, facts.Mount);
        foreach (MetricRow row in rows)
        {
            MetricSample[] samples = [.. row.Read(facts)];
            if (samples.Length == 0) continue;
            _ = text.Append("# TYPE ").Append(row.Name).Append(' ').Append(NameOf(row.Type)).Append('\n');
            if (row.Unit.Length > 0)
                _ = text.Append("# UNIT ").Append(row.Name).Append(' ').Append(row.Unit).Append('\n');
            _ = text.Append("# HELP ").Append(row.Name).Append(' ').Append(Escape(row.Help)).Append('\n');
            foreach (MetricSample sample in samples) Append(text, row, sample, [mount, .. sample.Labels]);
        }
        return Encoding.UTF8.GetBytes(text.Append("# EOF\n").ToString());
    }

    private static void Append(StringBuilder text, MetricRow row, MetricSample sample, MetricLabel[] labels)
    {
        switch (row.Type)
        {
            case MetricType.Counter: AppendLine(text, row.Name + "_total", labels, sample.Value); break;
            case MetricType.Info: AppendLine(text, row.Name + "_info", labels, sample.Value); break;
            case MetricType.Histogram: AppendHistogram(text, row, sample, labels); break;
            case MetricType.StateSet:
                for (int state = 0; state < sample.States.Count; state++)
                {
                    AppendLine(text, row.Name, [.. labels, new(row.Name, sample.States[state])],
                        state == (int)sample.Value ? 1 : 0);
                }
                break;
            default: AppendLine(text, row.Name, labels, sample.Value); break;
        }
    }

    private static void AppendHistogram(StringBuilder text, MetricRow row, MetricSample sample, MetricLabel[] labels)
    {
        long below = 0;
        for (int range = 0; range < sample.Counts.Count; range++)
        {
            below += sample.Counts[range];
            string bound = range < sample.Bounds.Count ? NumberOf(sample.Bounds[range]) : "+Inf";
            AppendLine(text, row.Name + "_bucket", [.. labels, new("le", bound)], below);
        }
        AppendLine(text, row.Name + "_count", labels, below);
        AppendLine(text, row.Name + "_sum", labels, sample.Value);
    }

    private static void AppendLine(StringBuilder text, string name, IEnumerable<MetricLabel> labels, double value)
    {
        IEnumerable<string> pairs = labels.Select(static label => $"{label.Name}=\"{Escape(label.Value)}\"");
        _ = text.Append(name).Append('{').AppendJoin(',', pairs).Append("} ").Append(NumberOf(value)).Append('\n');
    }

    private static string NumberOf(double value) => value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');

    private static string NameOf(MetricType type) => type.ToString().ToLowerInvariant();

    // Bytes that are no UTF-8, and invisible characters, become \xHH first.
    private static string Escape(string text) => ByteText.ToPrintable(text)
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}
