// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Fuse;

/// <summary>Durations in options: a number with m, h, d or w for minutes, hours, days or weeks.</summary>
internal static class DurationText
{
    private static readonly (char Unit, TimeSpan Length)[] Units =
    [
        ('w', TimeSpan.FromDays(7)), ('d', TimeSpan.FromDays(1)), ('h', TimeSpan.FromHours(1)),
        ('m', TimeSpan.FromMinutes(1)),
    ];

    /// <summary>Longest duration.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>Reads a duration of a minute to <see cref="Longest"/>.</summary>
    /// <returns>Null when the text is none.</returns>
    public static TimeSpan? Parse(string? text)
    {
        if (text is null or "") return null;
        foreach ((char unit, TimeSpan length) in Units)
        {
            if (text[^1] != unit) continue;
            bool isNumber = uint.TryParse(
                text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
            return isNumber && number > 0 && number <= Longest / length ? number * length : null;
        }
        return null;
    }

    /// <summary>The text of a duration, in days, hours or minutes: the greatest of them in which it is
    /// whole.</summary>
    public static string Format(TimeSpan duration)
    {
        foreach ((char unit, TimeSpan length) in Units)
        {
            if (unit != 'w' && duration.Ticks % length.Ticks == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{duration / length}{unit}");
        }
        return string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMinutes:0.#}m");
    }
}
