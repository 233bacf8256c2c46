// SPDX-License-Identifier: BSD-3-Clause

using System.Collections.Generic;
using System.Linq;
using System.Security;
using System.Text;
using static System.FormattableString;

namespace Hammer2.Benchmarks.Scale;

/// <summary>Draws the curves of one data file as SVG: processor time of whole steps, of single calls, and memory, with
/// logarithmic axes.</summary>
internal static class ScalePage
{
    private const int PanelWidth = 400;
    private const int PlotWidth = 310;
    private const int PlotHeight = 300;
    private const int Left = 62;
    private const int Top = 52;
    private const int LegendTop = Top + PlotHeight + 46;
    private const int LegendStep = 17;

    private static readonly string[] s_colors =
    [
        "#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2", "#17a2b8", "#7f7f7f", "#bcbd22",
        "#003f5c", "#b5651d",
    ];

    /// <summary>The page of a table.</summary>
    public static string Draw(ScaleTable table)
    {
        (string Title, List<ScaleSeries> Series)[] panels =
        [
            ("processor time of a step, s", table.Totals),
            ("processor time of a call, us", table.Calls),
            ("peak of resident memory, MiB", table.Peaks),
        ];
        panels = [.. panels.Where(panel => panel.Series.Count > 0)];
        List<string> names = table.Peaks.ConvertAll(series => series.Name); // a step has one color in all panels
        int height = LegendTop + (panels.Max(panel => panel.Series.Count) * LegendStep) + 10;
        int width = panels.Length * PanelWidth;
        var svg = new StringBuilder();
        _ = svg.Append(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" "))
            .Append(Invariant($"width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"11\">\n"))
            .Append(Invariant($"<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"));
        string title = $"{table.Name}: growth with the size (both axes logarithmic; exponents fitted)";
        Text(svg, 10, 18, title, "font-size=\"14\"");
        for (int index = 0; index < panels.Length; index++)
            DrawPanel(svg, index * PanelWidth, panels[index].Title, panels[index].Series, names);
        return svg.Append("</svg>\n").ToString();
    }

    private static void DrawPanel(
        StringBuilder svg, int x, string title, List<ScaleSeries> all, List<string> names)
    {
        var horizontal = Axis.Over(all.SelectMany(series => series.Points.Select(point => point.Size)), PlotWidth);
        var vertical = Axis.Over(all.SelectMany(series => series.Points.Select(point => point.Value)), PlotHeight);
        int left = x + Left;
        Text(svg, left, Top - 10, title, "font-weight=\"bold\"");
        foreach (double tick in horizontal.Ticks)
        {
            double at = left + horizontal.At(tick);
            Rule(svg, at, Top, at, Top + PlotHeight);
            Text(svg, at, Top + PlotHeight + 15, Label(tick), "text-anchor=\"middle\"");
        }
        foreach (double tick in vertical.Ticks)
        {
            double at = Top + PlotHeight - vertical.At(tick);
            Rule(svg, left, at, left + PlotWidth, at);
            Text(svg, left - 5, at + 4, Label(tick), "text-anchor=\"end\"");
        }
        for (int index = 0; index < all.Count; index++)
        {
            ScaleSeries series = all[index];
            int style = names.IndexOf(series.Name);
            string color = s_colors[style % s_colors.Length];
            string dashes = style < s_colors.Length ? "" : " stroke-dasharray=\"4 3\"";
            var spots = series.Points.Select(point =>
                (X: left + horizontal.At(point.Size), Y: Top + PlotHeight - vertical.At(point.Value))).ToList();
            string points = string.Join(' ', spots.Select(spot => Invariant($"{spot.X:f1},{spot.Y:f1}")));
            _ = svg.Append(Invariant($"<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" "))
                .Append(Invariant($"stroke-width=\"1.6\"{dashes}/>\n"));
            foreach ((double spotX, double spotY) in spots)
                _ = svg.Append(Invariant($"<circle cx=\"{spotX:f1}\" cy=\"{spotY:f1}\" r=\"2.6\" fill=\"{color}\"/>"));
            double legend = LegendTop + (index * LegendStep);
            (double lineY, double lineEnd) = (legend - 4, left + 22);
            _ = svg.Append(Invariant($"\n<line x1=\"{left}\" y1=\"{lineY}\" x2=\"{lineEnd}\" y2=\"{lineY}\" "))
                .Append(Invariant($"stroke=\"{color}\" stroke-width=\"2.4\"{dashes}/>\n"));
            string exponent = double.IsNaN(series.Exponent) ? "" : Invariant($" ({series.Exponent:f2})");
            Text(svg, left + 28, legend, series.Name + exponent, "");
        }
    }

    private static void Rule(StringBuilder svg, double x1, double y1, double x2, double y2) =>
        svg.Append(Invariant($"<line x1=\"{x1:f1}\" y1=\"{y1:f1}\" x2=\"{x2:f1}\" y2=\"{y2:f1}\" stroke=\"#ddd\"/>\n"));

    private static void Text(StringBuilder svg, double x, double y, string text, string style) =>
        svg.Append(Invariant($"<text x=\"{x:f1}\" y=\"{y:f1}\" {style}>{SecurityElement.Escape(text)}</text>\n"));

    private static string Label(double value) =>
        value is >= 0.001 and < 100_000 ? Invariant($"{value:g}") : Invariant($"1e{Math.Round(Math.Log10(value))}");

    /// <summary>A logarithmic axis over whole powers of ten.</summary>
    private readonly record struct Axis(double First, double Last, int Pixels)
    {
        public IEnumerable<double> Ticks
        {
            get
            {
                for (double power = First; power <= Last; power++) yield return Math.Pow(10, power);
            }
        }

        public static Axis Over(IEnumerable<double> values, int pixels)
        {
            double first = Math.Floor(Math.Log10(values.Min()) + 1e-9);
            double last = Math.Ceiling(Math.Log10(values.Max()) - 1e-9);
            return new Axis(first, Math.Max(last, first + 1), pixels);
        }

        public double At(double value) => (Math.Log10(value) - First) / (Last - First) * Pixels;
    }
}
