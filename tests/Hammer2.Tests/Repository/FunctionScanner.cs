// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace Hammer2.Tests.Repository;

/// <summary>
/// Finds the bodies of functions by indentation. The formatter puts each brace of a body on a line
/// of its own at the indentation of its head, which makes a parser unnecessary.
/// </summary>
internal static partial class FunctionScanner
{
    /// <summary>A function: the line of its head, the number of lines of its body, and the head.</summary>
    public readonly record struct Function(int FirstLine, int Lines, string Head);

    /// <summary>All functions and accessors of a file; local functions count within their parent.</summary>
    public static IEnumerable<Function> Functions(string[] lines)
    {
        bool isRaw = false;
        for (int line = 0; line < lines.Length; line++)
        {
            // Skip raw strings, which may contain any text.
            if (Regex.Count(lines[line], "\"\"\"") % 2 == 1) isRaw = !isRaw;
            if (isRaw || lines[line].Trim() != "{") continue;

            int head = HeadOf(lines, line);
            if (OpensTypes().IsMatch(lines[head])) continue;

            string close = lines[line].Replace('{', '}');
            int end = line + 1;
            while (end < lines.Length && !lines[end].StartsWith(close, StringComparison.Ordinal)) end++;
            yield return new Function(head + 1, end - line + 1, lines[head].Trim());
            line = end;
        }
    }

    /// <summary>The line with the head of the block: the nearest one above at its own indentation.</summary>
    private static int HeadOf(string[] lines, int brace)
    {
        int indentation = lines[brace].Length - lines[brace].TrimStart().Length;
        for (int line = brace - 1; line >= 0; line--)
        {
            string trimmed = lines[line].TrimStart();
            bool isHead = trimmed.Length > 0 && lines[line].Length - trimmed.Length == indentation;
            if (isHead && trimmed[0] is not ('/' or '#' or ')' or ':')) return line;
        }

        return brace;
    }

    [GeneratedRegex(@"^\s*([a-z]+ )*(class|struct|interface|record|enum|namespace) ")]
    private static partial Regex OpensTypes();
}
