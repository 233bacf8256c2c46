// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.IO;

namespace Linux.Text;

/// <summary>The arguments of the process as strings of <see cref="ByteText"/>.</summary>
public static class ProcessArguments
{
    private const char Replacement = '\uFFFD';

    /// <summary>Restores the bytes of the arguments that the runtime has decoded as UTF-8. Only arguments with replaced
    /// bytes are read again, from the end of /proc/self/cmdline.</summary>
    public static string[] Restore(string[] words)
    {
        if (!Array.Exists(words, HasReplacement)) return words;
        return Restore(words, File.ReadAllBytes("/proc/self/cmdline"));
    }

    /// <summary>The same with the content of /proc/self/cmdline.</summary>
    /// <exception cref="InvalidDataException">The command line does not end with these arguments.</exception>
    public static string[] Restore(string[] words, ReadOnlySpan<byte> commandLine)
    {
        var given = new List<string>();
        foreach (Range range in commandLine.Split((byte)0)) given.Add(ByteText.Decode(commandLine[range]));
        given.RemoveAt(given.Count - 1); // each word is followed by a NUL
        int first = given.Count - words.Length;
        bool isSame = first >= 0;
        for (int index = 0; isSame && index < words.Length; index++)
            isSame = HasReplacement(words[index]) || words[index] == given[first + index];
        return isSame
            ? [.. given[first..]]
            : throw new InvalidDataException("/proc/self/cmdline does not have the words of this command line");
    }

    private static bool HasReplacement(string word) => word.Contains(Replacement, StringComparison.Ordinal);
}
