// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Linux.Text;

namespace Hammer2.Fuse.Administration;

/// <summary>Names processes in messages.</summary>
internal static class ProcessNames
{
    private const int NamedMax = 5;

    /// <summary>Processes with their names as far as they still run: <c>process 12 (cat), process 15 ...</c>.</summary>
    /// <param name="threads">Numbers of threads of them; 0 for one that cannot be seen here.</param>
    public static string Describe(IReadOnlyCollection<uint> threads)
    {
        string[] different = [.. threads.Distinct().Order().Select(Describe).Distinct()];
        string named = string.Join(", ", different.Take(NamedMax));
        return different.Length <= NamedMax ? named : $"{named} and {different.Length - NamedMax} more";
    }

    private static string Describe(uint thread)
    {
        if (thread == 0) return "a process outside this container";
        string number = thread.ToString(CultureInfo.InvariantCulture);
        try
        {
            string[] status = File.ReadAllLines($"/proc/{number}/status");
            return $"process {FieldOf(status, "Tgid:") ?? number} ({FieldOf(status, "Name:")})";
        }
        catch (IOException)
        {
            return $"process {number}, which has ended";
        }
    }

    private static string? FieldOf(string[] status, string name) =>
        Array.Find(status, line => line.StartsWith(name, StringComparison.Ordinal)) is { } found
            ? ByteText.ToPrintable(found[name.Length..].Trim()) : null;
}
