// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>How many snapshots of each class a schedule keeps.</summary>
public sealed class SnapshotPolicy
{
    /// <summary>Most snapshots of one class.</summary>
    public const int CountMax = 10000;

    private readonly Dictionary<SnapshotClass, int> _counts = [];

    /// <summary>True when it has no class.</summary>
    public bool IsEmpty => _counts.Count == 0;

    /// <summary>How many of a class are kept; null for a class that the schedule leaves alone.</summary>
    public int? CountOf(SnapshotClass kind) => _counts.TryGetValue(kind, out int count) ? count : null;

    /// <summary>Adds a class.</summary>
    /// <returns>False when it has the class already, or the count is above <see cref="CountMax"/>.</returns>
    public bool TryAdd(SnapshotClass kind, ulong count) => count <= CountMax && _counts.TryAdd(kind, (int)count);

    /// <summary>Adds a class that is written as <c>CLASS=COUNT</c>.</summary>
    /// <returns>Null; or why it is rejected.</returns>
    public string? TryAdd(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || SnapshotClasses.Parse(text.AsSpan(0, equals)) is not { } kind)
            return $"{text}: hourly=N, daily=N, weekly=N or monthly=N is needed";
        bool isNumber = ulong.TryParse(
            text.AsSpan(equals + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ulong count);
        return isNumber && TryAdd(kind, count)
            ? null
            : $"{text}: each class is given once, with a number up to {CountMax}";
    }
}
