// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Linq;

namespace Hammer2.Tool.Mounts;

/// <summary>Orders of operations on a screen.</summary>
internal static class TopOrder
{
    private static readonly Dictionary<string, Func<OperationCount, long>> s_keys = new(StringComparer.Ordinal)
    {
        ["count"] = static one => one.Count,
        ["time"] = static one => one.TotalMicroseconds,
        ["mean"] = static one => one.MeanMicroseconds,
        ["errors"] = static one => one.Errors,
    };

    /// <summary>The names of the orders, the usual one first.</summary>
    public static string[] Names { get; } = [.. s_keys.Keys];

    /// <summary>The operations in the order of a name, the greatest first.</summary>
    public static IReadOnlyList<OperationCount> Sort(IEnumerable<OperationCount> operations, string name) =>
        [.. operations.OrderByDescending(s_keys[name]).ThenByDescending(static one => one.Count)
            .ThenBy(static one => one.Name, StringComparer.Ordinal)];
}
