// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Text;
using Hammer2.Cluster.PfsRoots;

namespace Hammer2.Cluster.SnapshotSchedules;

/// <summary>The label of a snapshot that a schedule made, taken apart.</summary>
/// <param name="Pfs">What it is of.</param>
/// <param name="Kind">Its class.</param>
/// <param name="LocalTime">When it was made, in local time.</param>
public sealed record ScheduledLabel(string Pfs, SnapshotClass Kind, DateTime LocalTime)
{
    private const string TimeFormat = "yyyyMMdd'.'HHmmss";
    private const string DragonFlyTimeFormat = "yyyyMMdd'.'HH':'mm";

    /// <summary>The label of a new snapshot: <c>LABEL.CLASS.YYYYMMDD.HHMMSS</c>, the label of the PFS shortened where
    /// that would be too long.</summary>
    public static byte[] Of(ReadOnlySpan<byte> pfs, SnapshotClass kind, DateTimeOffset local)
    {
        string time = local.ToString(TimeFormat, CultureInfo.InvariantCulture);
        byte[] suffix = Encoding.ASCII.GetBytes($".{SnapshotClasses.NameOf(kind)}.{time}");
        return [.. pfs[..Math.Min(pfs.Length, PfsLabel.BytesMax - suffix.Length)], .. suffix];
    }

    /// <summary>Takes a label apart: one of this program, or of DragonFly's periodic jobs, such as
    /// <c>home.daily.20261128.03:01</c>.</summary>
    /// <param name="label">The label.</param>
    /// <returns>Null for any other label.</returns>
    public static ScheduledLabel? Parse(string label)
    {
        int time = label.LastIndexOf('.');
        int day = time > 0 ? label.LastIndexOf('.', time - 1) : -1;
        int kind = day > 0 ? label.LastIndexOf('.', day - 1) : -1;
        if (kind < 0 || SnapshotClasses.Parse(label.AsSpan((kind + 1)..day)) is not { } found) return null;
        return DateTime.TryParseExact(label.AsSpan(day + 1), [TimeFormat, DragonFlyTimeFormat],
            CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime made)
            ? new ScheduledLabel(label[..kind], found, made)
            : null;
    }
}
