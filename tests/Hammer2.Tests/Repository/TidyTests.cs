// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Hammer2.Testing;
using Hammer2.Tests.Format;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>
/// The rules of this repository that no compiler knows: layers, lengths, words, links. Each failure
/// lists every breach as file, line and reason.
/// </summary>
public sealed class TidyTests
{
    private const int FileLinesMax = 600;
    private const int FunctionLinesMax = 70;
    private const int ColumnsMax = 120;
    private const int ColumnsWide = 132;

    /// <summary>Which project may name which. Transitive references are off, so this is also what a
    /// layer can name.</summary>
    private static readonly Dictionary<string, string> Layers = new(StringComparer.Ordinal)
    {
        ["src/Hammer2.Format"] = "",
        ["src/Linux.Text"] = "",
        ["src/Hammer2.Devices"] = "Hammer2.Format Linux.Text",
        ["src/Hammer2.Chains"] = "Hammer2.Devices Hammer2.Format",
        ["src/Hammer2.Membership"] = "Hammer2.Devices Hammer2.Format",
        ["src/Hammer2.Cluster"] = "Hammer2.Chains Hammer2.Devices Hammer2.Format Hammer2.Membership Linux.Text",
        ["src/Hammer2.Vnodes"] = "Hammer2.Cluster Hammer2.Format Linux.Text",
        ["src/Fuse.Protocol"] = "Linux.Text",
        ["src/Hammer2.Fuse"] = "Fuse.Protocol Hammer2.Cluster Hammer2.Devices Hammer2.Format "
            + "Hammer2.Membership Hammer2.Vnodes Linux.Text",
        ["src/Hammer2.Admin"] = "Hammer2.Devices Hammer2.Format Hammer2.Membership Linux.Text",
        ["tools/hammer2"] =
            "Fuse.Protocol Hammer2.Admin Hammer2.Cluster Hammer2.Devices Hammer2.Format Hammer2.Fuse "
            + "Hammer2.Membership Hammer2.Vnodes Linux.Text",
    };

    /// <summary>Files in which anything thrown is caught: the edges where nobody is above.</summary>
    private static readonly string[] CatchAllAllowed =
    [
        "src/Fuse.Protocol/FuseDispatcher", "src/Hammer2.Cluster/Transactions/FailStop.cs",
        "tools/hammer2/CommandLine/Dispatcher.cs",
    ];

    // Written in pieces, so that this file does not break its own rule.
    private static readonly Regex Banned = new(
        @"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b|(?<![\w.])/(wo" + @"rk|ro" + @"ot)/\w|"
        + "Artif" + "actory|jf" + "rog|NuGet" + @"\.config",
        RegexOptions.CultureInvariant);

    [Fact]
    public void Projects_reference_only_what_their_layer_may_name()
    {
        var breaches = new List<string>();
        foreach (SourceFile project in SourceFile.Find(".csproj", "src", "tools"))
        {
            string folder = project.Name[..project.Name.LastIndexOf('/')];
            string[] allowed = Layers.GetValueOrDefault(folder, "").Split(' ');
            breaches.AddRange(
                from element in XDocument.Load(project.Path).Descendants("ProjectReference")
                let reference = Path.GetFileNameWithoutExtension(element.Attribute("Include")!.Value)
                where !allowed.Contains(reference)
                select $"{project.Name}: may not name {reference}");
            if (!Layers.ContainsKey(folder)) breaches.Add($"{project.Name}: is in no layer");
        }

        AssertNone(breaches);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = File.ReadAllText(RepositoryRoot.Below("Hammer2.Fuse.sln")).Replace('\\', '/');
        AssertNone(SourceFile.Find(".csproj", "src", "tools", "tests")
            .Where(project => !solution.Contains(project.Name, StringComparison.Ordinal))
            .Select(project => project.Name));
    }

    [Fact]
    public void Sources_start_with_their_licence() => AssertNone(
        from file in SourceFile.CSharp
        where file.Lines.Length == 0 || file.Lines[0] != "// SPDX-License-Identifier: BSD-3-Clause"
        select file.Name);

    [Fact]
    public void Files_fit_a_sitting() => AssertNone(
        from file in SourceFile.CSharp
        where file.Lines.Length >= FileLinesMax
        select At(file, file.Lines.Length, "lines"));

    [Fact]
    public void Lines_fit_the_page() => AssertNone(
        from file in SourceFile.CSharp
        from line in Enumerable.Range(0, file.Lines.Length)
        where file.Lines[line].Length > (IsWide(file) ? ColumnsWide : ColumnsMax)
        select At(file, line + 1, $"{file.Lines[line].Length} columns"));

    [Fact]
    public void Functions_fit_a_screen() => AssertNone(
        from file in SourceFile.CSharp
        from function in FunctionScanner.Functions(file.Lines)
        where function.Lines > FunctionLinesMax
        select At(file, function.FirstLine, $"{function.Lines} lines in {function.Head}"));

    [Fact]
    public void The_scanner_measures_functions_and_not_types()
    {
        string[] lines =
        [
            "public sealed class Sample",
            "{",
            "    public int Sum(",
            "        int left)",
            "    {",
            "        if (left > 0)",
            "        {",
            "        }",
            "        return left;",
            "    }",
            "}",
        ];
        FunctionScanner.Function only = Assert.Single(FunctionScanner.Functions(lines));
        Assert.Equal((3, 6), (only.FirstLine, only.Lines));
    }

    [Fact]
    public void Sources_are_ascii() => AssertNone(
        from file in SourceFile.CSharp.Concat(SourceFile.Find(".csproj", "src", "tools", "tests"))
        from line in Enumerable.Range(0, file.Lines.Length)
        where file.Lines[line].Any(letter => letter is > '~' or < ' ')
        select At(file, line + 1, "a character outside printable ASCII"));

    [Fact]
    public void No_loose_ends_and_no_names_of_one_machine() => AssertNone(
        from file in SourceFile.CSharp
            .Concat(SourceFile.Find(".md", "docs", "images")).Concat(SourceFile.Find(".sh", "eng", "tests"))
            .Concat(SourceFile.Find(".csproj", "src", "tools", "tests")).Concat(RootFiles())
        from line in Enumerable.Range(0, file.Lines.Length)
        let match = Banned.Match(file.Lines[line])
        where match.Success
        select At(file, line + 1, match.Value));

    [Fact]
    public void Everything_is_caught_only_at_the_edges()
    {
        var catchAll = new Regex(@"catch\s*(\{|$)|catch \((System\.)?Exception( \w+)?\)\s*(\{|$)");
        AssertNone(
            from file in SourceFile.Find(".cs", "src", "tools")
            where !CatchAllAllowed.Any(prefix => file.Name.StartsWith(prefix, StringComparison.Ordinal))
            from line in Enumerable.Range(0, file.Lines.Length)
            where catchAll.IsMatch(file.Lines[line])
            select At(file, line + 1, "catches everything"));
    }

    [Fact]
    public void Links_between_documents_lead_somewhere()
    {
        var link = new Regex(@"\]\((?<target>[^)\s#]+)(#[^)\s]*)?\)|^\[[^\]]+\]:\s*(?<target>[^\s#]+)");
        AssertNone(
            from file in SourceFile.Find(".md", "docs", "images").Concat(RootFiles())
            where file.Name.EndsWith(".md", StringComparison.Ordinal)
            from line in Enumerable.Range(0, file.Lines.Length)
            from Match match in link.Matches(file.Lines[line])
            let target = match.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal)
                && !target.StartsWith("mailto:", StringComparison.Ordinal)
                && !Path.Exists(Path.Combine(Path.GetDirectoryName(file.Path)!, target))
            select At(file, line + 1, target));
    }

    [Fact]
    public void Documents_have_one_title() => AssertNone(
        from file in SourceFile.Find(".md", "docs").Concat(RootFiles())
        where file.Name.EndsWith(".md", StringComparison.Ordinal)
        let titles = Titles(file.Lines)
        where titles != 1
        select At(file, 1, $"{titles} titles"));

    [Fact]
    public void Every_media_record_has_layout_rows() => Assert.Equal(
        LayoutTests.Records().Select(record => record.Name).Order(StringComparer.Ordinal),
        LayoutTests.RecordsWithRows().Order(StringComparer.Ordinal));

    /// <summary>The tool's command tables, which read better as one row per line.</summary>
    private static bool IsWide(SourceFile file) =>
        file.Name.StartsWith("tools/", StringComparison.Ordinal)
        || file.Name.StartsWith("src/Hammer2.Admin/", StringComparison.Ordinal);

    private static int Titles(string[] lines)
    {
        bool isCode = false;
        int titles = 0;
        foreach (string line in lines)
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) isCode = !isCode;
            if (!isCode && line.StartsWith("# ", StringComparison.Ordinal)) titles++;
        }

        return titles;
    }

    private static IEnumerable<SourceFile> RootFiles() =>
        from path in Directory.EnumerateFiles(RepositoryRoot.Path).Order(StringComparer.Ordinal)
        let name = Path.GetFileName(path)
        where name is "check" or "build" || name.EndsWith(".md", StringComparison.Ordinal)
            || name.EndsWith(".props", StringComparison.Ordinal)
        select new SourceFile(path, File.ReadAllLines(path));

    private static string At(SourceFile file, int line, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{file.Name}:{line}: {what}");

    private static void AssertNone(IEnumerable<string> breaches)
    {
        string[] all = [.. breaches];
        Assert.True(all.Length == 0, string.Join('\n', all.Prepend($"{all.Length} found:")));
    }
}
