// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text;
using Hammer2.Format;

namespace Hammer2.Tests.Model;

/// <summary>Names that a directory looks for under one key: they have to be told apart one by one.</summary>
internal static class CollidingNames
{
    private const int TriedTotal = 100_000;

    /// <summary>Short and long ones, all with the same hash.</summary>
    public static string[] All { get; } = Find();

    // The order of a name's parts does not matter for one half of the hash; the other half is 16 bits.
    private static string[] Find()
    {
        string filler = new('x', 90);
        var byHash = new Dictionary<ulong, List<string>>();
        List<string> best = [];
        for (int i = 0; i < TriedTotal; i++)
        {
            string name = Name(i, filler);
            ulong hash = DirectoryHash.Compute(Encoding.ASCII.GetBytes(name));
            if (!byHash.TryGetValue(hash, out List<string>? names)) byHash.Add(hash, names = []);
            if (names.Contains(name)) continue;
            names.Add(name);
            if (names.Count > best.Count) best = names;
        }
        return [.. best];
    }

    private static string Name(int number, string filler)
    {
        string[] parts = ["a", "b", "c", "d", filler];
        const string Separators = ".-_~";
        var name = new StringBuilder();
        for (int left = parts.Length; left > 0; left--)
        {
            int pick = number % left;
            number /= left;
            _ = name.Append(parts[pick]);
            parts[pick] = parts[left - 1];
            if (left == 1) break;
            _ = name.Append(Separators[number % Separators.Length]);
            number /= Separators.Length;
        }
        return name.ToString();
    }
}
