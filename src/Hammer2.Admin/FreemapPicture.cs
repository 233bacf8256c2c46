// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;
using Hammer2.Format;

namespace Hammer2.Admin;

/// <summary>Draws the usage of a filesystem's space: a square for each range of addresses, coloured by the kind of its
/// blocks.</summary>
public static class FreemapPicture
{
    private const int Columns = 64;
    private const int CellPixels = 12;
    private const int Gap = 1;
    private const int Margin = 16;
    private const int HeaderPixels = 64;
    private const int LegendPixels = 26;

    private static readonly (string Name, string Colour)[] Kinds =
    [
        ("inodes", "#2b6cb0"),
        ("references", "#805ad5"),
        ("file data", "#2f855a"),
        ("directory entries", "#b7791f"),
        ("in use, no class", "#4a5568"),
        ("staged", "#fbd38d"),
        ("free", "#edf2f7"),
        ("headers, freemap, boot, aux", "#1a202c"),
        ("unknown: freemap damaged", "#e53e3e"),
    ];

    /// <summary>Writes the picture as a standalone SVG document.</summary>
    /// <param name="survey">The data to draw.</param>
    /// <param name="title">Title of the picture; any characters, which are escaped.</param>
    /// <param name="to">Receives the document.</param>
    public static void WriteSvg(FreemapSurvey survey, string title, TextWriter to)
    {
        ArgumentNullException.ThrowIfNull(survey);
        ArgumentNullException.ThrowIfNull(to);
        int rows = (survey.Cells.Count + Columns - 1) / Columns;
        int width = (2 * Margin) + (Columns * (CellPixels + Gap));
        int gridTop = HeaderPixels + (((Kinds.Length + 2) / 3) * LegendPixels);
        int height = gridTop + (rows * (CellPixels + Gap)) + Margin;
        Line(to, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" role=\"img\"");
        Line(to, $"  aria-label=\"{Text(title)}: {Text(Summary(survey))}\"");
        Line(to, $"  viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">");
        Line(to, $"<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
        Line(to, $"<text x=\"{Margin}\" y=\"26\" font-size=\"17\">{Text(title)}</text>");
        Line(to, $"<text x=\"{Margin}\" y=\"48\">{Text(Summary(survey))}</text>");
        WriteLegend(survey, to);
        for (int index = 0; index < survey.Cells.Count; index++) WriteCell(survey, index, gridTop, to);
        Line(to, "</svg>");
    }

    /// <summary>Writes an HTML page with the picture and a table of its numbers.</summary>
    public static void WriteHtml(FreemapSurvey survey, string title, TextWriter to)
    {
        ArgumentNullException.ThrowIfNull(survey);
        ArgumentNullException.ThrowIfNull(to);
        Line(to, "<!DOCTYPE html>");
        Line(to, $"<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{Text(title)}</title>");
        Line(to, "<style>body{font-family:sans-serif;margin:2em}td{padding:0 1em 0 0}"
            + "td.n{text-align:right}</style></head><body>");
        WriteSvg(survey, title, to);
        Line(to, "<table>");
        ulong[] shares = Shares(survey.Total);
        for (int kind = 0; kind < Kinds.Length; kind++)
        {
            Line(to, $"<tr><td>{Text(Kinds[kind].Name)}</td><td class=\"n\">{shares[kind]} bytes</td>"
                + $"<td class=\"n\">{Percent(shares[kind], survey.TotalBytes)}</td></tr>");
        }
        Line(to, "</table>");
        foreach ((ulong address, WalkFault fault) in survey.Faults)
            Line(to, $"<p>Freemap block for 0x{address:x}: {Text(fault.Reason)}</p>");
        Line(to, "</body></html>");
    }

    private static void WriteLegend(FreemapSurvey survey, TextWriter to)
    {
        const int Across = 3;
        ulong[] shares = Shares(survey.Total);
        for (int kind = 0; kind < Kinds.Length; kind++)
        {
            int x = Margin + (kind % Across * (Columns * (CellPixels + Gap) / Across));
            int y = HeaderPixels + (kind / Across * LegendPixels);
            Line(to, $"<rect x=\"{x}\" y=\"{y}\" width=\"{CellPixels}\" height=\"{CellPixels}\" "
                + $"fill=\"{Kinds[kind].Colour}\" stroke=\"#a0aec0\"/>");
            Line(to, $"<text x=\"{x + CellPixels + 6}\" y=\"{y + CellPixels - 1}\">"
                + $"{Text(Kinds[kind].Name)} {Percent(shares[kind], survey.TotalBytes)}</text>");
        }
    }

    private static void WriteCell(FreemapSurvey survey, int index, int top, TextWriter to)
    {
        FreemapCell cell = survey.Cells[index];
        ulong[] shares = Shares(cell);
        int x = Margin + (index % Columns * (CellPixels + Gap));
        int y = top + (index / Columns * (CellPixels + Gap));
        ulong first = (ulong)index * survey.CellBytes;
        Line(to, $"<g><title>0x{first:x} to 0x{first + cell.TotalBytes:x}: {Text(Describe(shares, cell.TotalBytes))}</title>");

        // The shares of a cell are stacked from its top, so that a nearly empty cell still shows its content.
        double at = y;
        for (int kind = 0; kind < Kinds.Length; kind++)
        {
            if (shares[kind] == 0 || cell.TotalBytes == 0) continue;
            double part = CellPixels * ((double)shares[kind] / cell.TotalBytes);
            string from = at.ToString("0.##", CultureInfo.InvariantCulture);
            string high = part.ToString("0.##", CultureInfo.InvariantCulture);
            Line(to, $"<rect x=\"{x}\" y=\"{from}\" width=\"{CellPixels}\" height=\"{high}\" "
                + $"fill=\"{Kinds[kind].Colour}\"/>");
            at += part;
        }
        Line(to, "</g>");
    }

    /// <summary>Bytes of each of <see cref="Kinds"/>; they add up to the cell.</summary>
    private static ulong[] Shares(FreemapCell cell)
    {
        ulong inodes = cell.OfClass(BlockrefType.Inode);
        ulong references = cell.OfClass(BlockrefType.Indirect);
        ulong data = cell.OfClass(BlockrefType.Data);
        ulong entries = cell.OfClass(BlockrefType.Dirent);
        return
        [
            inodes, references, data, entries, cell.AllocatedBytes - inodes - references - data - entries,
            cell.PossiblyFreeBytes, cell.FreeBytes, cell.StaticBytes, cell.UnknownBytes,
        ];
    }

    private static string Describe(ulong[] shares, ulong totalBytes)
    {
        var parts = new List<string>();
        for (int kind = 0; kind < Kinds.Length; kind++)
            if (shares[kind] > 0) parts.Add($"{Kinds[kind].Name} {Percent(shares[kind], totalBytes)}");
        return string.Join(", ", parts);
    }

    private static string Summary(FreemapSurvey survey) => string.Create(CultureInfo.InvariantCulture,
        $"{survey.TotalBytes >> 20} MiB, a square is {survey.CellBytes >> 20} MiB; "
        + $"{survey.Total.AllocatedBytes >> 20} MiB in use, {survey.Total.FreeBytes >> 20} MiB free");

    private static string Percent(ulong part, ulong whole) =>
        (whole == 0 ? 0 : 100.0 * part / whole).ToString("0.#", CultureInfo.InvariantCulture) + " %";

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static void Line(TextWriter to, string text) => to.WriteLine(text);
}
