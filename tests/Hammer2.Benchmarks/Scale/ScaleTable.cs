// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Scale;

/// <summary>A value for each size: the median of the lines of a data file.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Points">Sizes in order, with values.</param>
internal sealed record ScaleSeries(string Name, IReadOnlyList<(double Size, double Value)> Points)
{
    /// <summary>The exponent of growth by least squares on logarithms; NaN for one size.</summary>
    public double Exponent => Fit(Points);

    /// <summary>The exponent between the two largest sizes; NaN for one size.</summary>
    public double LastExponent => Fit([.. Points.TakeLast(2)]);

    private static double Fit(IReadOnlyList<(double Size, double Value)> points)
    {
        if (points.Count < 2) return double.NaN;
        double meanX = points.Average(point => Math.Log(point.Size));
        double meanY = points.Average(point => Math.Log(point.Value));
        double above = points.Sum(point => (Math.Log(point.Size) - meanX) * (Math.Log(point.Value) - meanY));
        return above / points.Sum(point => Math.Pow(Math.Log(point.Size) - meanX, 2));
    }
}

/// <summary>The lines of one data file.</summary>
internal sealed class ScaleTable
{
    // Processor time is counted in steps of 10 ms.
    private const double LeastSeconds = 0.005;

    private readonly List<Line> _lines = [];

    private ScaleTable(string name) => Name = name;

    /// <summary>The curve.</summary>
    public string Name { get; }

    /// <summary>Processor seconds of steps as a whole: those that do more when the size grows, and single
    /// commands.</summary>
    public List<ScaleSeries> Totals => SeriesOf(
        what => !IsOfCalls(what), line => Math.Max(line.CpuSeconds, LeastSeconds));

    /// <summary>Processor microseconds of each call, of steps with so many calls at each size.</summary>
    public List<ScaleSeries> Calls => SeriesOf(
        IsOfCalls, line => Math.Max(line.CpuSeconds, LeastSeconds) * 1e6 / line.Count);

    /// <summary>Peaks of resident memory in MiB.</summary>
    public List<ScaleSeries> Peaks => SeriesOf(_ => true, line => Math.Max(line.PeakMiB, 1));

    /// <summary>Reads a data file.</summary>
    public static ScaleTable Read(string file)
    {
        var table = new ScaleTable(Path.GetFileNameWithoutExtension(file));
        foreach (string text in File.ReadLines(file).Skip(1))
        {
            string[] fields = text.Split('\t');
            double Number(int index) => double.Parse(fields[index], CultureInfo.InvariantCulture);
            table._lines.Add(new Line(Number(0), fields[1], Number(2), Number(3), Number(4), Number(5)));
        }
        return table;
    }

    /// <summary>A table of all steps: processor time and wall time in seconds and peak, by size, and
    /// exponents.</summary>
    public string Markdown()
    {
        double[] sizes = [.. _lines.Select(line => line.Size).Distinct().Order()];
        var text = new StringBuilder(Invariant($"\n### {Name}\n\n| step | "));
        _ = text.AppendJoin(" | ", sizes.Select(size => Invariant($"{size:g}"))).Append(" | grows with |\n|---|");
        _ = text.Insert(text.Length, "---|", sizes.Length + 1).Append('\n');
        foreach (ScaleSeries series in Totals.Concat(Calls))
        {
            _ = text.Append("| ").Append(series.Name).Append(" | ");
            foreach (double size in sizes) _ = text.Append(Cell(series.Name, size)).Append(" | ");
            string exponent = double.IsNaN(series.Exponent) ? "" : Invariant($"{series.Exponent:f2}");
            if (series.Points.Count > 2) exponent += Invariant($", last {series.LastExponent:f2}");
            _ = text.Append(exponent).Append(" |\n");
        }
        return text.ToString();
    }

    private string Cell(string what, double size)
    {
        Line[] lines = [.. _lines.Where(line => line.What == what && line.Size == size)];
        if (lines.Length == 0) return "";
        double cpu = Median(lines.Select(line => line.CpuSeconds));
        double wall = Median(lines.Select(line => line.WallSeconds));
        string first = IsOfCalls(what) ? Invariant($"{cpu * 1e6 / lines[0].Count:f0} us") : Invariant($"{cpu:f2}");
        return Invariant($"{first}; {wall:f2}; {Median(lines.Select(line => line.PeakMiB)):f0}");
    }

    private bool IsOfCalls(string what)
    {
        double[] counts = [.. _lines.Where(line => line.What == what).Select(line => line.Count).Distinct()];
        bool isWhole = what.StartsWith("fsck", StringComparison.Ordinal) || what is "bulkfree" or "usage";
        return counts.Length == 1 && counts[0] > 1 && !isWhole;
    }

    private List<ScaleSeries> SeriesOf(Predicate<string> takes, Func<Line, double> valueOf)
    {
        List<ScaleSeries> all = [];
        foreach (IGrouping<string, Line> group in _lines.Where(line => takes(line.What)).GroupBy(line => line.What))
        {
            var points = group.GroupBy(line => line.Size).OrderBy(same => same.Key)
                .Select(same => (same.Key, Median(same.Select(valueOf)))).ToList();
            all.Add(new ScaleSeries(group.Key, points));
        }
        return all;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private readonly record struct Line(
        double Size, string What, double Count, double CpuSeconds, double WallSeconds, double PeakMiB);
}
