// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Tool.Output;

/// <summary>Prints durations.</summary>
internal static class DurationText
{
    private const long MicrosecondsPerMillisecond = 1000;
    private const long MicrosecondsPerSecond = 1_000_000;

    /// <summary>A duration in the unit that shows it with at most four digits, or in seconds.</summary>
    public static string Format(long microseconds) => microseconds switch
    {
        < MicrosecondsPerMillisecond => string.Create(CultureInfo.InvariantCulture, $"{microseconds} us"),
        < MicrosecondsPerSecond => string.Create(
            CultureInfo.InvariantCulture, $"{microseconds / (double)MicrosecondsPerMillisecond:F1} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{microseconds / (double)MicrosecondsPerSecond:F1} s"),
    };
}
