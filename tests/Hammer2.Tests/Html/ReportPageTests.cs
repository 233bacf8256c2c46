// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using Hammer2.Testing;
using Hammer2.Tests.Admin;
using Hammer2.Tool.Html;
using Hammer2.Tool.Output;
using Linux.Text;
using Xunit;

namespace Hammer2.Tests.Html;

/// <summary>Goal: 'hammer2 report' makes a page that a browser reads as it is meant, whatever labels and damage there
/// are, and that can run and load nothing. Method: a strict parser over pages of golden images, sound and damaged, of
/// hostile labels, and of hostile text in each part of a page; the rules are shown to find what is against
/// them.</summary>
public sealed class ReportPageTests
{
    private static readonly string[] s_hostile =
    [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='alert(1)",
        "</title></style></svg>", "<!--", "]]>", "&lt;b&gt;&amp;",
        "\u202Eright\u0000\u001B[31m\n\t\u007F", ByteText.Decode([0xFF, 0xFE, 0xC0]),
        "\uFFFE\uFFFF", new string('w', 2000),
    ];

    public static TheoryData<string> Images => [.. GoldenImage.FileNames.Where(
        file => !file.Contains(".v", StringComparison.Ordinal) || file.EndsWith(".v0", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(Images))]
    public void A_page_of_any_image_is_well_formed_and_runs_nothing(string file)
    {
        string image = file.Split(".v")[0];
        string devices = string.Join(':', GoldenImage.Paths(image));
        ToolRun quick = ToolRun.Execute("report", "--quick", devices, "--log-level", "none");
        ToolRun run = ToolRun.Execute("report", devices, "--log-level", "none");
        Assert.Equal(run.ExitCode, quick.ExitCode);
        if (run.ExitCode == 3) return;      // no header can be used
        Assert.True(run.ExitCode == 0, run.Error);
        IHtmlDocument page = Parse(run.Output);
        _ = Parse(quick.Output);
        string[] sections = [.. page.QuerySelectorAll("h2").Select(heading => heading.Id!)];
        Assert.Equal(["health", "space", "trees", "snapshots", "upkeep", "settings"], sections);
        Assert.Single(page.QuerySelectorAll("#space + dl ~ figure svg"));
    }

    [Fact]
    public void Hostile_labels_are_shown_as_text()
    {
        using var scratch = new ScratchDirectory();
        string image = scratch.Below("i<b>&\"'.img");
        string[] labels = [s_hostile[0], s_hostile[1], ByteText.Decode([0xFF, 1, 10, 38])];
        IEnumerable<string> options = labels.SelectMany(label => new[] { "-L", label });
        ToolRun made = ToolRun.Execute(["newfs", "-s", "64m", .. options, image]);
        Assert.True(made.ExitCode == 0, made.Error);
        ToolRun run = ToolRun.Execute("report", image);
        Assert.True(run.ExitCode == 0, run.Error);
        IHtmlDocument page = Parse(run.Output);
        string[] cells = [.. page.QuerySelectorAll("#snapshots ~ div td:first-child").Select(cell => cell.TextContent)];
        Assert.Equal(labels.Select(label => NameText.Escape(label)).Append("LOCAL").Order(StringComparer.Ordinal),
            cells.Order(StringComparer.Ordinal));
        Assert.Equal("HAMMER2: " + image, page.Title);
        Assert.DoesNotContain("<script", run.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Hostile_text_is_text_in_every_part_of_a_page()
    {
        foreach (string text in s_hostile)
        {
            var bytes = new MemoryStream();
            using (var page = new HtmlReport(bytes, "t" + text, text, ByteUnit.Iec))
            {
                page.BeginSection("one", text);
                page.Value("key", text, Cell.Text(text));
                page.BeginTable("someTable", new Column("a", "A" + text), new Column("b", ""), new Column("c", "C"));
                page.Row(Cell.Text(text), Cell.Text(text), Cell.Number(5));
                page.EndTable();
                page.BeginTable("empty", new Column("a", "A"));
                page.EndTable();
                page.Note(text);
                Bar[] bars = [new(text, text, 1, 2), new(text, text, 0, 0)];
                page.Figure(text, to => BarChart.Write(text + "x", bars, _ => text, to));
                page.EndSection();
            }
            IHtmlDocument parsed = Parse(bytes.ToArray());
            string shown = ByteText.ToPrintable(text);
            Assert.Equal(shown, parsed.QuerySelector("h2")!.TextContent);
            Assert.Equal([shown, "5"], parsed.QuerySelectorAll("td").Select(cell => cell.TextContent));
            Assert.Equal(["dt", "dd"], parsed.QuerySelector("dl")!.Children.Select(one => one.LocalName));
            Assert.Equal("Some table", Assert.Single(parsed.QuerySelectorAll("caption")).TextContent);
            Assert.Equal(4, parsed.QuerySelectorAll("rect").Length);
        }
    }

    [Theory]
    [InlineData("</main>", "<script>alert(1)</script></main>", "element script")]
    [InlineData("<main>", "<main onclick=\"x\">", "attribute onclick of main")]
    [InlineData("</main>", "<a href=\"http://example.org\">x</a></main>", "element a")]
    [InlineData("</dl>", "</dd></dl>", "malformed")]
    [InlineData("<caption>", "<td>", "caption")]
    [InlineData(" scope=\"col\"", "", "scope")]
    [InlineData("role=\"img\"", "", "picture")]
    [InlineData(" lang=\"en\"", "", "language")]
    [InlineData("default-src 'none'", "default-src *", "policy")]
    [InlineData("aria-labelledby=\"space\"", "", "section")]
    [InlineData(":root{", "@import 'x';:root{", "style")]
    public void The_rules_find_what_is_against_them(string from, string to, string fault)
    {
        ToolRun run = ToolRun.Execute("report", "--quick", GoldenImage.Path("dmg-base"));
        string changed = run.Text.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(run.Text, changed);
        _ = PageRules.Parse(Encoding.UTF8.GetBytes(changed), out IReadOnlyList<string> faults);
        Assert.Contains(faults, found => found.Contains(fault, StringComparison.Ordinal));
    }

    private static IHtmlDocument Parse(byte[] bytes)
    {
        IHtmlDocument page = PageRules.Parse(bytes, out IReadOnlyList<string> faults);
        Assert.Empty(faults);
        return page;
    }
}
