// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Hammer2.Testing;

namespace Hammer2.Tests.Repository;

/// <summary>
/// The layers of the README: a table of the projects, from the lowest layer up, with the projects that each may
/// reference. Names may omit the prefix "Hammer2.". "-" means none, and "all above but X" all earlier rows but X.
/// </summary>
internal sealed partial class LayerTable
{
    private const string Prefix = "Hammer2.";
    private const string AllAbove = "all above";

    private LayerTable(IReadOnlyDictionary<string, IReadOnlySet<string>> rows) => Rows = rows;

    /// <summary>The names of the projects that a project may reference, by its folder, such as
    /// src/Hammer2.Format.</summary>
    public IReadOnlyDictionary<string, IReadOnlySet<string>> Rows { get; }

    /// <summary>Reads the table from the README of this repository.</summary>
    public static LayerTable Read() => Parse(File.ReadAllLines(RepositoryRoot.Below("README.md")));

    /// <summary>Reads the table from the lines of a document.</summary>
    public static LayerTable Parse(IEnumerable<string> lines)
    {
        var rows = new Dictionary<string, IReadOnlySet<string>>(StringComparer.Ordinal);
        var above = new List<string>();
        foreach (string line in lines)
        {
            Match match = RowPattern().Match(line);
            if (!match.Success) continue;
            rows.Add(match.Groups["folder"].Value, References(match.Groups["references"].Value, above));
            above.Add(match.Groups["name"].Value);
        }

        return new LayerTable(rows);
    }

    private static HashSet<string> References(string text, List<string> above)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        if (text == "-") return all;
        bool isAllAbove = text.StartsWith(AllAbove, StringComparison.Ordinal);
        string listed = isAllAbove ? Regex.Replace(text, "^all above( but )?", "") : text;
        IEnumerable<string> names = listed.Split(", ", StringSplitOptions.RemoveEmptyEntries)
            .Select(name => above.SingleOrDefault(project => project == name || project == Prefix + name)
                ?? throw new InvalidDataException($"no row above the one that names {name}"));
        all.UnionWith(isAllAbove ? above.Except(names) : names);
        return all;
    }

    [GeneratedRegex(@"^\| \[(?<name>[\w./]+)\]\((?<folder>(src|tools)/[\w.]+)\) \|[^|]*\| (?<references>[^|]+) \|$")]
    private static partial Regex RowPattern();
}
