// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse.Administration.Metrics;

/// <summary>Units of metrics.</summary>
internal static class MetricUnits
{
    /// <summary>A plain number.</summary>
    public const string None = "";

    /// <summary>Bytes.</summary>
    public const string Bytes = "bytes";

    /// <summary>Seconds; of moments, since 1970 UTC.</summary>
    public const string Seconds = "seconds";

    /// <summary>A part of 1.</summary>
    public const string Ratio = "ratio";

    private const double MicrosecondsPerSecond = 1e6;
    private const double MillisecondsPerSecond = 1e3;

    /// <summary>Microseconds as seconds.</summary>
    public static double OfMicroseconds(long microseconds) => microseconds / MicrosecondsPerSecond;

    /// <summary>A moment as seconds since 1970 UTC.</summary>
    public static double OfMoment(DateTimeOffset moment) =>
        moment.ToUnixTimeMilliseconds() / MillisecondsPerSecond;
}
