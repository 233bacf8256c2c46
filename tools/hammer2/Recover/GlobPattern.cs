// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Tool.Recover;

/// <summary>A pattern for names, which are bytes: <c>*</c> stands for any bytes, <c>?</c> for one, <c>[abc]</c>, <c>[a-z]</c>
/// and <c>[!a-z]</c> for one of some, and a backslash takes the meaning from the next.</summary>
internal static class GlobPattern
{
    /// <summary>True when the whole name matches.</summary>
    public static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> name)
    {
        int at = 0, nameAt = 0, star = -1, starName = 0;
        while (nameAt < name.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (star, starName) = (at++, nameAt);
            }
            else if (at < pattern.Length && MatchesOne(pattern, ref at, name[nameAt]))
            {
                nameAt++;
            }
            else if (star >= 0)
            {
                // The last star takes one byte more.
                (at, nameAt) = (star + 1, ++starName);
            }
            else
            {
                return false;
            }
        }
        return pattern[at..].IndexOfAnyExcept((byte)'*') < 0;
    }

    /// <summary>Compares one byte, and passes what it was compared with when they match.</summary>
    private static bool MatchesOne(ReadOnlySpan<byte> pattern, ref int at, byte value)
    {
        int next = at + 1;
        bool isMatch;
        if (pattern[at] == '[' && FindSet(pattern, at, out int end))
        {
            isMatch = IsInSet(pattern[(at + 1)..end], value);
            next = end + 1;
        }
        else if (pattern[at] == '\\' && next < pattern.Length)
        {
            isMatch = pattern[next++] == value;
        }
        else
        {
            isMatch = pattern[at] == '?' || pattern[at] == value;
        }
        if (isMatch) at = next;
        return isMatch;
    }

    // The first byte after the bracket belongs to the set, even if it is a bracket.
    private static bool FindSet(ReadOnlySpan<byte> pattern, int start, out int end)
    {
        int first = start + 1 < pattern.Length && pattern[start + 1] == '!' ? start + 3 : start + 2;
        int length = first < pattern.Length ? pattern[first..].IndexOf((byte)']') : -1;
        end = first + length;
        return length >= 0;
    }

    private static bool IsInSet(ReadOnlySpan<byte> set, byte value)
    {
        bool isNegated = set.Length > 1 && set[0] == '!';
        if (isNegated) set = set[1..];
        bool isIn = false;
        for (int at = 0; at < set.Length; at++)
        {
            bool isRange = at + 2 < set.Length && set[at + 1] == '-';
            isIn |= isRange ? value >= set[at] && value <= set[at + 2] : value == set[at];
            if (isRange) at += 2;
        }
        return isIn != isNegated;
    }
}
