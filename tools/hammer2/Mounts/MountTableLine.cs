// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using Linux.Text;

namespace Hammer2.Tool.Mounts;

/// <summary>A mount in the kernel's table.</summary>
/// <param name="DeviceNumber">As stat(2) shows it for files in the mount, "MAJOR:MINOR".</param>
/// <param name="Target">Where it is mounted, a string of <see cref="ByteText"/>.</param>
/// <param name="Type">The type of the filesystem, with the subtype of FUSE.</param>
/// <param name="Source">What is mounted, a string of <see cref="ByteText"/>.</param>
internal sealed record MountTableLine(string DeviceNumber, string Target, string Type, string Source)
{
    private const string TablePath = "/proc/self/mountinfo";

    /// <summary>True for a mount of HAMMER2 by FUSE, on a block device or not.</summary>
    public bool IsHammer2 => Type is "fuse.hammer2" or "fuseblk.hammer2";

    /// <summary>What is mounted, without the label: equal for the PFSs of one filesystem.</summary>
    public string SourceWithoutLabel =>
        Source.LastIndexOf('@') is > 0 and int at ? Source[..at] : Source;

    /// <summary>The kernel's table, as this process sees it.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static List<MountTableLine> ReadAll() => Parse(File.ReadAllBytes(TablePath));

    /// <summary>Parses the text of mountinfo; lines that are not understood are left out.</summary>
    public static List<MountTableLine> Parse(ReadOnlySpan<byte> text)
    {
        var found = new List<MountTableLine>();
        foreach (string line in ByteText.Decode(text).Split('\n'))
        {
            string[] words = line.Split(' ');
            int dash = Array.IndexOf(words, "-");
            if (dash < 6 || words.Length < dash + 3) continue;
            found.Add(new MountTableLine(words[2], Unescape(words[4]), words[dash + 1], Unescape(words[dash + 2])));
        }
        return found;
    }

    /// <summary>A field as the kernel, and fstab, write it: white space and backslashes are three octal digits.</summary>
    internal static string Unescape(string word)
    {
        if (!word.Contains('\\', StringComparison.Ordinal)) return word;
        var text = new StringBuilder();
        for (int index = 0; index < word.Length; index++)
        {
            bool isEscape = word[index] == '\\' && index + 3 < word.Length
                && word.AsSpan(index + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0;
            if (!isEscape)
            {
                _ = text.Append(word[index]);
                continue;
            }
            _ = text.Append((char)Convert.ToInt32(word.Substring(index + 1, 3), 8));
            index += 3;
        }
        return text.ToString();
    }

    /// <summary>The device number of a file, in the form of the table.</summary>
    public static string DeviceNumberOf(uint major, uint minor) =>
        string.Create(CultureInfo.InvariantCulture, $"{major}:{minor}");
}
