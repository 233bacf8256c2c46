// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Tool.Output;

/// <summary>Times of the media as text.</summary>
internal static class TimeText
{
    private const long TicksPerMicrosecond = 10;

    // 9999-12-31 in microseconds since 1970, the maximum of DateTime; the 64 bits on media can be greater.
    private static readonly ulong Last =
        (ulong)((DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks) / TicksPerMicrosecond);

    /// <summary>ISO 8601 in UTC with microseconds; the number of microseconds for years after 9999.</summary>
    public static string Format(ulong microseconds)
    {
        if (microseconds > Last) return microseconds.ToString(CultureInfo.InvariantCulture) + " us";
        DateTime time = DateTime.UnixEpoch.AddTicks((long)microseconds * TicksPerMicrosecond);
        return time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
    }
}
