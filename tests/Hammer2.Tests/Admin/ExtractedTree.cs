// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hammer2.Testing;
using Xunit;

namespace Hammer2.Tests.Admin;

/// <summary>
/// A directory of the host as find(1) and sha256sum(1) report it. The runtime's own classes cannot handle file names
/// that are not UTF-8.
/// </summary>
internal static class ExtractedTree
{
    /// <summary>Files above this size are not hashed.</summary>
    public const ulong HashedBytesMax = 2UL << 30;

    private const int Fields = 9;

    /// <summary>The differences between a directory and a listing, one line each.</summary>
    public static List<string> Compare(string directory, Manifest manifest, bool isRoot)
    {
        Dictionary<string, string[]> found = List(directory);
        Dictionary<string, string> hashes = Hash(directory);
        var differences = new List<string>();
        foreach (ManifestEntry entry in manifest.Entries)
        {
            bool isDevice = entry.Type is 'c' or 'b';
            if (!found.Remove(entry.Path.TrimStart('/'), out string[]? fields))
            {
                if (isRoot || !(isDevice || IsHidden(entry, manifest)))
                    differences.Add($"{entry.Path}: missing");
                continue;
            }
            string expected = Expected(entry, isRoot);
            string actual = Actual(entry, fields, hashes, isRoot);
            if (expected != actual) differences.Add($"{entry.Path}: is {actual}, should be {expected}");
        }
        foreach (string path in found.Keys) differences.Add($"{path}: not in the listing");
        return differences;
    }

    // Objects in a directory without search permission for its owner; only root can access them.
    private static bool IsHidden(ManifestEntry entry, Manifest manifest)
    {
        const uint OwnerMayList = UnixMode.O500;
        string parent = entry.Path[..entry.Path.LastIndexOf('/')];
        return parent.Length > 0 && (manifest[parent].Mode & OwnerMayList) != OwnerMayList;
    }

    private static string Expected(ManifestEntry entry, bool isRoot)
    {
        bool isDirectory = entry.Type == 'd';
        uint mode = entry.Mode & (isRoot || entry.Type == 'l' ? 0xFFFU : 0x3FFU);
        return string.Create(CultureInfo.InvariantCulture,
            $"{entry.Type} {Convert.ToString(mode, 8)} {(isRoot ? $"{entry.UserId}:{entry.GroupId}" : "-")} "
            + $"{(isDirectory ? 0 : entry.LinkCount)} {(isDirectory ? 0 : entry.Size)} {entry.ModifyTime} "
            + $"{Value(entry)}");
    }

    private static string Value(ManifestEntry entry) => entry.Type switch
    {
        'f' when entry.Size > HashedBytesMax => "large",
        'f' or 'l' => entry.Value,
        _ => "-",
    };

    private static string Actual(
        ManifestEntry entry, string[] fields, Dictionary<string, string> hashes, bool isRoot)
    {
        bool isDirectory = fields[1] == "d";
        string value = fields[1] switch
        {
            "f" => entry.Size > HashedBytesMax ? "large" : hashes.GetValueOrDefault(fields[0], "no hash"),
            "l" => fields[8],
            _ => "-",
        };
        return $"{fields[1]} {fields[2]} {(isRoot ? $"{fields[3]}:{fields[4]}" : "-")} "
            + $"{(isDirectory ? "0" : fields[5])} {(isDirectory ? "0" : fields[6])} "
            + $"{Microseconds(fields[7])} {value}";
    }

    // find prints seconds with ten decimals, the last of them always 0.
    private static string Microseconds(string seconds)
    {
        string digits = seconds.Replace(".", "", StringComparison.Ordinal);
        string text = digits[..(seconds.IndexOf('.', StringComparison.Ordinal) + 6)].TrimStart('0');
        return text.Length > 0 ? text : "0";
    }

    private static Dictionary<string, string[]> List(string directory)
    {
        const string Command = "find . -printf '%P\\0%y\\0%m\\0%U\\0%G\\0%n\\0%s\\0%T@\\0%l\\0'";
        string[] words = Run(directory, Command).Split('\0');
        var entries = new Dictionary<string, string[]>(StringComparer.Ordinal);
        for (int at = 0; at + Fields < words.Length; at += Fields)
            entries.Add(words[at], words[at..(at + Fields)]);
        return entries;
    }

    private static Dictionary<string, string> Hash(string directory)
    {
        const int HashLetters = 64;
        string command = $"find . -type f -size -{HashedBytesMax / 1024}k -printf '%P\\0' | "
            + "xargs -0r sha256sum -z --";
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in Run(directory, command).Split('\0', StringSplitOptions.RemoveEmptyEntries))
            hashes.Add(line[(HashLetters + 2)..], line[..HashLetters]);
        return hashes;
    }

    private static string Run(string directory, string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.Latin1,
        };
        start.Environment["LC_ALL"] = "C";
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0 || Environment.UserName != "root", command);
        return output;
    }
}
