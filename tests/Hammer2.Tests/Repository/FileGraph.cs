// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Hammer2.Tests.Repository;

/// <summary>
/// Which files mention types that other files declare. By spelling: an identifier in code that is the name of a type
/// counts, unless it stands where a member or a variable of that name is declared, set or used.
/// </summary>
internal sealed partial class FileGraph
{
    private readonly Dictionary<string, HashSet<string>> _mentions = new(StringComparer.Ordinal);

    /// <summary>The graph of some files; the parts of a type (<c>Type.Part.cs</c>) are one.</summary>
    public FileGraph(IReadOnlyList<SourceFile> files)
    {
        var declaring = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (SourceFile file in files)
        {
            foreach (TypeScanner.TopLevelType type in TypeScanner.Types(file.Lines))
                declaring[type.Name] = NameOf(file);
        }
        foreach (SourceFile file in files)
        {
            if (!_mentions.TryGetValue(NameOf(file), out HashSet<string>? mentioned))
                _mentions[NameOf(file)] = mentioned = new(StringComparer.Ordinal);
            foreach (string name in file.Lines.SelectMany(Identifiers))
                if (declaring.TryGetValue(name, out string? other) && other != NameOf(file)) mentioned.Add(other);
        }
    }

    /// <summary>The circles: files from each of which the others can be reached. Names without folder and extension, in
    /// order, separated by spaces.</summary>
    public IReadOnlyList<string> Circles()
    {
        Dictionary<string, HashSet<string>> reached = _mentions.Keys.ToDictionary(name => name, Reach);
        return [.. reached.Keys.Where(name => reached[name].Contains(name))
            .Select(name => string.Join(' ', reached[name].Where(other => reached[other].Contains(name)).Order()))
            .Distinct().Order()];
    }

    private static string NameOf(SourceFile file) => Path.GetFileName(file.Path).Split('.')[0];

    private static IEnumerable<string> Identifiers(string line)
    {
        if (NotCode().IsMatch(line)) return [];
        return TypeName().Matches(Ignored().Replace(line, string.Empty)).Select(match => match.Value);
    }

    private HashSet<string> Reach(string from)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var next = new Queue<string>([from]);
        while (next.TryDequeue(out string? name))
            foreach (string other in _mentions[name])
                if (found.Add(other)) next.Enqueue(other);
        return found;
    }

    [GeneratedRegex(@"^\s*(//|using [\w.]+;|namespace )")]
    private static partial Regex NotCode();

    // Strings without interpolation, and comments behind code.
    [GeneratedRegex(@"(?<!\$)""(\\.|[^""\\])*""|\s//.*$")]
    private static partial Regex Ignored();

    // Not behind a dot or a type, and not before an assignment: a member or a variable is there.
    [GeneratedRegex(@"(?<![\w.])(?<!\b[A-Z]\w*[>?\[\]]* )[A-Z]\w*(?! = )")]
    private static partial Regex TypeName();
}
