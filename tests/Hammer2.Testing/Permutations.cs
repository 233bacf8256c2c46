// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Testing;

/// <summary>All permutations of a few elements.</summary>
public static class Permutations
{
    /// <summary>Every permutation of the numbers from 0 to <paramref name="count"/> less one.</summary>
    public static IEnumerable<int[]> Of(int count) => From([], count);

    private static IEnumerable<int[]> From(int[] start, int count)
    {
        if (start.Length == count)
        {
            yield return start;
            yield break;
        }
        for (int next = 0; next < count; next++)
        {
            if (Array.IndexOf(start, next) >= 0)
                continue;
            foreach (int[] order in From([.. start, next], count))
                yield return order;
        }
    }
}
