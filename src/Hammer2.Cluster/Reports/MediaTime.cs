// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Cluster.Reports;

/// <summary>Times as media have them.</summary>
internal static class MediaTime
{
    /// <summary>A time; null for 0, which stands for none.</summary>
    /// <param name="microseconds">Microseconds since 1970 UTC.</param>
    public static DateTimeOffset? Of(long microseconds) => microseconds == 0
        ? null : DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}
