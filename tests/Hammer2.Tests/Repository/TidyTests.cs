// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Hammer2.Testing;
using Hammer2.Tests.Format;
using Xunit;

namespace Hammer2.Tests.Repository;

/// <summary>
/// The rules of this repository that no compiler checks: layers, lengths, links. Each failure lists every violation as
/// file, line and reason.
/// </summary>
public sealed class TidyTests
{
    private const int FileLinesMax = 400;
    private const int FunctionLinesMax = 60;
    private const int ColumnsMax = 120;
    private const int ColumnsWide = 132;

    /// <summary>Files that may catch every exception: the outermost callers of other code.</summary>
    private static readonly string[] CatchAllAllowed =
    [
        "src/Fuse.Protocol/FuseDispatcher", "src/Hammer2.Cluster/Transactions/FailStop.cs",
        "src/Hammer2.Fuse/Control/ControlServer.cs",
        "tools/hammer2/CommandLine/Dispatcher.cs",
    ];

    // Written in pieces, so that this file does not violate its own rule.
    private static readonly Regex Banned = new(
        @"\b(TO" + @"DO|FIX" + @"ME|HA" + @"CK)\b|(?<![\w.])/(wo" + @"rk|ro" + @"ot)/\w|"
        + "Artif" + "actory|jf" + "rog|NuGet" + @"\.config",
        RegexOptions.CultureInvariant);

    [Fact]
    public void Projects_reference_only_what_their_layer_may_name()
    {
        LayerTable layers = LayerTable.Read();
        var faults = new List<string>();
        foreach (SourceFile project in SourceFile.Find(".csproj", "src", "tools"))
        {
            string folder = project.Name[..project.Name.LastIndexOf('/')];
            if (!layers.Rows.TryGetValue(folder, out IReadOnlySet<string>? allowed))
            {
                faults.Add($"{project.Name}: is in no layer of the table in README.md");
                continue;
            }

            faults.AddRange(
                from element in XDocument.Load(project.Path).Descendants("ProjectReference")
                let reference = Path.GetFileNameWithoutExtension(element.Attribute("Include")!.Value)
                where !allowed.Contains(reference)
                select $"{project.Name}: may not name {reference}");
        }

        RepositoryAssert.None(faults);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = File.ReadAllText(RepositoryRoot.Below("Hammer2.Fuse.sln")).Replace('\\', '/');
        RepositoryAssert.None(SourceFile.Find(".csproj", "src", "tools", "tests")
            .Where(project => !solution.Contains(project.Name, StringComparison.Ordinal))
            .Select(project => project.Name));
    }

    [Fact]
    public void Sources_start_with_their_licence() => RepositoryAssert.None(
        from file in SourceFile.CSharp
        where file.Lines.Length == 0 || file.Lines[0] != "// SPDX-License-Identifier: BSD-3-Clause"
        select file.Name);

    [Fact]
    public void Files_have_a_maximum_length() => RepositoryAssert.None(
        from file in SourceFile.CSharp
        where file.Lines.Length >= FileLinesMax
        select RepositoryAssert.At(file, file.Lines.Length, "lines"));

    [Fact]
    public void Lines_have_a_maximum_length() => RepositoryAssert.None(
        from file in SourceFile.CSharp
        from line in Enumerable.Range(0, file.Lines.Length)
        where file.Lines[line].Length > (IsWide(file) ? ColumnsWide : ColumnsMax)
        select RepositoryAssert.At(file, line + 1, $"{file.Lines[line].Length} columns"));

    [Fact]
    public void Functions_have_a_maximum_length() => RepositoryAssert.None(
        from file in SourceFile.CSharp
        from function in FunctionScanner.Functions(file.Lines)
        where function.Lines > FunctionLinesMax && !function.Head.Contains(" readonly ", StringComparison.Ordinal)
        select RepositoryAssert.At(file, function.FirstLine, $"{function.Lines} lines in {function.Head}"));

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
    public void Sources_are_ascii() => RepositoryAssert.None(
        from file in SourceFile.CSharp.Concat(SourceFile.Find(".csproj", "src", "tools", "tests"))
        from line in Enumerable.Range(0, file.Lines.Length)
        where file.Lines[line].Any(letter => letter is > '~' or < ' ')
        select RepositoryAssert.At(file, line + 1, "a character outside printable ASCII"));

    [Fact]
    public void No_open_tasks_and_no_names_of_one_machine() => RepositoryAssert.None(
        from file in SourceFile.CSharp
            .Concat(SourceFile.Find(".md", "docs", "images")).Concat(SourceFile.Find(".sh", "eng", "tests"))
            .Concat(SourceFile.Find(".csproj", "src", "tools", "tests")).Concat(RootFiles())
        from line in Enumerable.Range(0, file.Lines.Length)
        let match = Banned.Match(file.Lines[line])
        where match.Success
        select RepositoryAssert.At(file, line + 1, match.Value));

    [Fact]
    public void Only_outermost_callers_catch_every_exception()
    {
        var catchAll = new Regex(@"catch\s*(\{|$)|catch \((System\.)?Exception( \w+)?\)\s*(\{|$)");
        RepositoryAssert.None(
            from file in SourceFile.Find(".cs", "src", "tools")
            where !CatchAllAllowed.Any(prefix => file.Name.StartsWith(prefix, StringComparison.Ordinal))
            from line in Enumerable.Range(0, file.Lines.Length)
            where catchAll.IsMatch(file.Lines[line])
            select RepositoryAssert.At(file, line + 1, "catches everything"));
    }

    // The analyzer of banned symbols does not see what a lock statement calls.
    [Fact]
    public void Locks_are_ranked()
    {
        var statement = new Regex(@"\block \(");
        RepositoryAssert.None(
            from file in SourceFile.Find(".cs", "src", "tools")
            from line in Enumerable.Range(0, file.Lines.Length)
            where !file.Lines[line].TrimStart().StartsWith("//", StringComparison.Ordinal)
                && statement.IsMatch(file.Lines[line])
            select RepositoryAssert.At(file, line + 1, "a lock statement"));
    }

    [Fact]
    public void Links_between_documents_exist()
    {
        var link = new Regex(@"\]\((?<target>[^)\s#]+)(#[^)\s]*)?\)|^\[[^\]]+\]:\s*(?<target>[^\s#]+)");
        RepositoryAssert.None(
            from file in SourceFile.Find(".md", "docs", "images").Concat(RootFiles())
            where file.Name.EndsWith(".md", StringComparison.Ordinal)
            from line in Enumerable.Range(0, file.Lines.Length)
            from Match match in link.Matches(file.Lines[line])
            let target = match.Groups["target"].Value
            where !target.Contains("://", StringComparison.Ordinal)
                && !target.StartsWith("mailto:", StringComparison.Ordinal)
                && !Path.Exists(Path.Combine(Path.GetDirectoryName(file.Path)!, target))
            select RepositoryAssert.At(file, line + 1, target));
    }

    [Fact]
    public void Documents_have_one_title() => RepositoryAssert.None(
        from file in SourceFile.Find(".md", "docs").Concat(RootFiles())
        where file.Name.EndsWith(".md", StringComparison.Ordinal)
        let titles = Titles(file.Lines)
        where titles != 1
        select RepositoryAssert.At(file, 1, $"{titles} titles"));

    [Fact]
    public void Every_media_record_has_layout_rows() => Assert.Equal(
        LayoutTests.Records().Select(record => record.Name).Order(StringComparer.Ordinal),
        LayoutTests.RecordsWithRows().Order(StringComparer.Ordinal));

    /// <summary>True for files that may have longer lines: tables of commands have one row per line.</summary>
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

    /// <summary>Documents, scripts and build properties in the root of the repository.</summary>
    internal static IEnumerable<SourceFile> RootFiles() =>
        from path in Directory.EnumerateFiles(RepositoryRoot.Path).Order(StringComparer.Ordinal)
        let name = Path.GetFileName(path)
        where name is "check" or "build" || name.EndsWith(".md", StringComparison.Ordinal)
            || name.EndsWith(".props", StringComparison.Ordinal)
        select new SourceFile(path, File.ReadAllLines(path));
}
