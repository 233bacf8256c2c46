// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace Hammer2.Tests.Repository;

/// <summary>Finds the top-level types of a file by indentation: their declarations start in the first column.</summary>
internal static partial class TypeScanner
{
    /// <summary>A type: its name, its first line with comments and attributes (from 1), and how many lines it has from
    /// there to its end.</summary>
    public readonly record struct TopLevelType(string Name, int FirstLine, int Lines);

    /// <summary>The top-level types of a file in order.</summary>
    public static IReadOnlyList<TopLevelType> Types(string[] lines)
    {
        var types = new List<TopLevelType>();
        for (int line = 0; line < lines.Length; line++)
        {
            Match match = Declaration().Match(lines[line]);
            if (!match.Success) continue;
            int first = line;
            while (first > 0 && CommentOrAttribute().IsMatch(lines[first - 1])) first--;
            line = EndOf(lines, line);
            types.Add(new TopLevelType(match.Groups["name"].Value, first + 1, line - first + 1));
        }

        return types;
    }

    /// <summary>The last line of a declaration: its closing brace, or its semicolon when it has no body.</summary>
    private static int EndOf(string[] lines, int line)
    {
        bool hasBody = false;
        for (; line < lines.Length - 1; line++)
        {
            if (lines[line] == "}") break;
            hasBody |= lines[line] == "{";
            if (!hasBody && lines[line].EndsWith(';')) break;
        }

        return line;
    }

    [GeneratedRegex(@"^(public|internal|file) ([a-z]+ )*?(record struct|record class|record|class|struct|interface|enum"
        + @"|delegate [\w<>\[\]?., ]+?) (?<name>\w+)")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^(///|//|\[)")]
    private static partial Regex CommentOrAttribute();
}
