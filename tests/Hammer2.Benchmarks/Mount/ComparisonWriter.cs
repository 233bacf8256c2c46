// SPDX-License-Identifier: BSD-3-Clause

using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Mount;

/// <summary>Writes a comparison as Markdown tables or as JSON.</summary>
internal static class ComparisonWriter
{
    /// <summary>Figures and ratios in one table; daemon CPU and memory in a second.</summary>
    internal static string Markdown(Comparison comparison, string machine, string method)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Machine: {machine}\nMethod: {method}\n\n");
        string reference = comparison.Contenders[^1].Name;
        Header(text, "| workload | unit |", comparison, " ", includeLast: true);
        Header(text, string.Empty, comparison, $" / {reference} ", includeLast: false);
        text.Append("\n|---|---|");
        for (int i = 1; i < comparison.Contenders.Count * 2; i++) text.Append("---|");
        text.Append('\n');
        foreach (Workload workload in comparison.Workloads)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {workload.Title} | {workload.Unit} |");
            foreach (Contender contender in comparison.Contenders)
            {
                Cell cell = comparison.CellOf(contender.Name, workload.Name);
                string mark = cell.IsQuiet ? string.Empty : " ~";
                text.Append(cell.HasFigure ? $" {Digits(cell.Figure)}{mark} |" : " - |");
            }
            for (int i = 0; i < comparison.Contenders.Count - 1; i++)
            {
                double ratio = comparison.Speedup(workload, comparison.Contenders[i].Name);
                text.Append(ratio > 0 ? Invariant($" {ratio:f2} |") : " - |");
            }
            text.Append('\n');
        }
        text.Append("\nRatios above 1 mean faster. `~`: other work used the machine during these runs.\n\n");
        Costs(text, comparison);
        return text.ToString();
    }

    /// <summary>Every run and every median, for later comparison.</summary>
    internal static void Json(Comparison comparison, string machine, string method, Stream stream)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("machine", machine);
        writer.WriteString("method", method);
        writer.WriteStartArray("medians");
        foreach (Workload workload in comparison.Workloads)
        {
            foreach (Contender contender in comparison.Contenders)
            {
                Cell cell = comparison.CellOf(contender.Name, workload.Name);
                writer.WriteStartObject();
                writer.WriteString("workload", workload.Name);
                writer.WriteString("contender", contender.Name);
                writer.WriteString("unit", workload.Unit);
                writer.WriteNumber("figure", cell.Figure);
                writer.WriteNumber("p50_us", cell.Median50);
                writer.WriteNumber("p99_us", cell.Tail99);
                writer.WriteNumber("daemon_cpu_s", cell.CpuSeconds);
                writer.WriteNumber("daemon_peak_mib", cell.PeakMiB);
                writer.WriteNumber("runs", cell.Runs);
                writer.WriteBoolean("quiet", cell.IsQuiet);
                writer.WriteNumber("speedup", comparison.Speedup(workload, contender.Name));
                writer.WriteEndObject();
            }
        }
        writer.WriteEndArray();
        writer.WriteStartArray("runs");
        foreach (Measurement run in comparison.Measurements) Write(writer, run);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    /// <summary>Three significant digits, no exponent.</summary>
    internal static string Digits(double number)
        => number.ToString(number switch { >= 100 => "f0", >= 10 => "f1", >= 1 => "f2", _ => "f3" },
            CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter writer, Measurement run)
    {
        writer.WriteStartObject();
        writer.WriteString("contender", run.Contender);
        writer.WriteString("workload", run.Workload);
        writer.WriteNumber("round", run.Round);
        writer.WriteNumber("figure", run.Outcome.Figure);
        writer.WriteNumber("witness", run.Outcome.Witness);
        writer.WriteNumber("mount_ms", run.MountMilliseconds);
        writer.WriteNumber("daemon_cpu_s", run.DaemonCpuSeconds);
        writer.WriteNumber("daemon_peak_mib", run.DaemonPeakMiB);
        writer.WriteNumber("foreign_share", run.ForeignShare);
        if (run.Error is not null) writer.WriteString("error", run.Error);
        writer.WriteEndObject();
    }

    private static void Costs(StringBuilder text, Comparison comparison)
    {
        Header(text, "| daemon: CPU s / peak MiB |", comparison, " ", includeLast: true);
        text.Append("\n|---|");
        foreach (Contender _ in comparison.Contenders) text.Append("---|");
        text.Append('\n');
        foreach (Workload workload in comparison.Workloads)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {workload.Title} |");
            foreach (Contender contender in comparison.Contenders)
            {
                Cell cell = comparison.CellOf(contender.Name, workload.Name);
                text.Append(cell.HasFigure && contender.Process.Length > 0
                    ? Invariant($" {cell.CpuSeconds:f2} / {cell.PeakMiB:f0} |")
                    : " - |");
            }
            text.Append('\n');
        }
    }

    private static void Header(StringBuilder text, string start, Comparison comparison, string suffix,
        bool includeLast)
    {
        text.Append(start);
        for (int i = 0; i < comparison.Contenders.Count - (includeLast ? 0 : 1); i++)
        {
            text.Append(CultureInfo.InvariantCulture, $" {comparison.Contenders[i].Name}{suffix}|");
        }
    }
}
