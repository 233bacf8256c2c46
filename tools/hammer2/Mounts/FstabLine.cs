// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Tool.Mounts;

/// <summary>A line of fstab(5) for a mount.</summary>
/// <param name="Spec">The first field: what is mounted.</param>
/// <param name="Target">The second: where.</param>
/// <param name="Type">The third: the type of the filesystem.</param>
/// <param name="Options">The fourth, separated by commas.</param>
internal sealed record FstabLine(string Spec, string Target, string Type, string Options)
{
    private const int FieldsMin = 3;

    /// <summary>True unless the line says that it is for mounting by hand.</summary>
    public bool IsAutomatic => !Options.Split(',').Contains("noauto");

    /// <summary>Parses a table; comments, empty lines and lines that are too short are left out.</summary>
    /// <param name="text">The content of fstab, a string of bytes.</param>
    public static List<FstabLine> Parse(string text)
    {
        var found = new List<FstabLine>();
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < FieldsMin || fields[0].StartsWith('#')) continue;
            found.Add(new FstabLine(MountTableLine.Unescape(fields[0]), MountTableLine.Unescape(fields[1]), fields[2],
                fields.Length > FieldsMin ? fields[FieldsMin] : "defaults"));
        }
        return found;
    }
}
