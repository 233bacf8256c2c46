// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;

namespace Hammer2.Fuse.Administration;

/// <summary>Splits a line into words at blanks. Between double quotes blanks belong to a word; a backslash takes the
/// character after it as it is.</summary>
internal static class WordSplitter
{
    /// <summary>Adds the words of a line.</summary>
    /// <returns>Null; or why the line is malformed.</returns>
    public static string? Split(string line, List<string> words)
    {
        StringBuilder? word = null;
        bool isQuoted = false;
        for (int index = 0; index < line.Length; index++)
        {
            char next = line[index];
            if (next is ' ' or '\t' && !isQuoted)
            {
                if (word is not null) words.Add(word.ToString());
                word = null;
                continue;
            }
            word ??= new StringBuilder();
            if (next == '"') isQuoted = !isQuoted;
            else if (next != '\\') _ = word.Append(next);
            else if (++index < line.Length) _ = word.Append(line[index]);
            else return "it ends with a backslash";
        }
        if (isQuoted) return "a quote is not closed";
        if (word is not null) words.Add(word.ToString());
        return null;
    }
}
