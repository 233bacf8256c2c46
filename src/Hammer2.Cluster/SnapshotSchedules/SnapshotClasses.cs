// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>Names and periods of classes.</summary>
public static class SnapshotClasses
{
    /// <summary>All classes, the shortest period first.</summary>
    public static readonly IReadOnlyList<SnapshotClass> All = Enum.GetValues<SnapshotClass>();

    /// <summary>The name in labels, requests and command lines.</summary>
    public static string NameOf(SnapshotClass kind) => kind switch
    {
        SnapshotClass.Hourly => "hourly",
        SnapshotClass.Daily => "daily",
        SnapshotClass.Weekly => "weekly",
        _ => "monthly",
    };

    /// <summary>The class of a name; null for an unknown one.</summary>
    public static SnapshotClass? Parse(ReadOnlySpan<char> name)
    {
        foreach (SnapshotClass kind in All)
            if (name.SequenceEqual(NameOf(kind))) return kind;
        return null;
    }

    /// <summary>The beginning of the period that a moment of local time is in. The hour that comes twice when clocks
    /// are set back is two periods.</summary>
    public static DateTimeOffset PeriodOf(SnapshotClass kind, DateTimeOffset local)
    {
        DateTime day = local.Date;
        return kind switch
        {
            SnapshotClass.Hourly => new DateTimeOffset(day.AddHours(local.Hour), local.Offset),
            SnapshotClass.Daily => new DateTimeOffset(day, TimeSpan.Zero),
            SnapshotClass.Weekly => new DateTimeOffset(day.AddDays(-(((int)day.DayOfWeek + 6) % 7)), TimeSpan.Zero),
            _ => new DateTimeOffset(day.AddDays(1 - day.Day), TimeSpan.Zero),
        };
    }
}
