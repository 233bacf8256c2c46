// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using Linux.Text;

namespace Hammer2.Tool.Html;

/// <summary>A picture with a bar of two parts for each of several things.</summary>
internal static class BarChart
{
    private const int WidthPixels = 960;
    private const int BarsPixels = 180;
    private const int TopPixels = 20;
    private const int BottomPixels = 24;
    private const double GapShare = 0.2;

    /// <summary>Writes the picture as an element svg.</summary>
    /// <param name="label">What it shows, for readers who do not see it.</param>
    /// <param name="bars">The bars, from left to right.</param>
    /// <param name="format">A value as text.</param>
    /// <param name="to">Receives it.</param>
    public static void Write(string label, IReadOnlyList<Bar> bars, Func<ulong, string> format, TextWriter to)
    {
        ulong most = Math.Max(1, bars.Max(static bar => bar.Data + bar.Metadata));
        const int Height = TopPixels + BarsPixels + BottomPixels;
        Line(to, $"<svg class=\"bars\" role=\"img\" aria-label=\"{Escaped(label)}\" "
            + $"viewBox=\"0 0 {WidthPixels} {Height}\" width=\"{WidthPixels}\" height=\"{Height}\" font-size=\"12\">");
        Line(to, $"<text x=\"0\" y=\"13\">{Escaped(format(most))}</text>");
        double step = (double)WidthPixels / bars.Count;
        for (int index = 0; index < bars.Count; index++)
        {
            Bar bar = bars[index];
            double data = (double)bar.Data / most * BarsPixels, metadata = (double)bar.Metadata / most * BarsPixels;
            double left = step * (index + (GapShare / 2)), width = step * (1 - GapShare);
            double bottom = TopPixels + BarsPixels;
            Line(to, $"<g><title>{Escaped(bar.Name)}: {Escaped(format(bar.Data))} + {Escaped(format(bar.Metadata))}</title>");
            Rectangle(to, "data", left, bottom - data, width, data);
            Rectangle(to, "metadata", left, bottom - data - metadata, width, metadata);
            Line(to, "</g>");
        }
        Line(to, $"<text x=\"0\" y=\"{Height - 6}\">{Escaped(bars[0].Below)}</text>");
        if (bars.Count > 1)
            Line(to, $"<text x=\"{WidthPixels}\" y=\"{Height - 6}\" text-anchor=\"end\">{Escaped(bars[^1].Below)}</text>");
        Line(to, "</svg>");
    }

    private static void Rectangle(TextWriter to, string kind, double left, double top, double width, double height) =>
        Line(to, string.Create(CultureInfo.InvariantCulture,
            $"<rect class=\"{kind}\" x=\"{left:F2}\" y=\"{top:F2}\" width=\"{width:F2}\" height=\"{height:F2}\"></rect>"));

    private static string Escaped(string text) => WebUtility.HtmlEncode(ByteText.ToPrintable(text));

    private static void Line(TextWriter to, string text) => to.WriteLine(text);
}

/// <summary>A bar.</summary>
/// <param name="Name">What it is of.</param>
/// <param name="Below">The text below it, shown for the first and the last one.</param>
/// <param name="Data">The height of its lower part.</param>
/// <param name="Metadata">The height of its upper part.</param>
internal readonly record struct Bar(string Name, string Below, ulong Data, ulong Metadata);
