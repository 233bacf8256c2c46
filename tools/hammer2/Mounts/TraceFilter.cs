// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;

namespace Hammer2.Tool.Mounts;

/// <summary>Which requests of a trace are shown.</summary>
/// <param name="Operations">Those of these operations, by their names without regard to case; all when there are
/// none.</param>
/// <param name="SlowerThan">Those that took longer than so many microseconds; null for all.</param>
/// <param name="ErrorsOnly">Those that ended with an error number alone.</param>
/// <param name="ProcessId">Those of this process or thread alone; null for all.</param>
internal sealed record TraceFilter(
    IReadOnlySet<string> Operations, long? SlowerThan, bool ErrorsOnly, long? ProcessId)
{
    private const double MicrosecondsPerSecond = 1e6;
    private const double MicrosecondsPerMillisecond = 1e3;

    /// <summary>True for a request that is shown.</summary>
    public bool Shows(TracedRequest request) =>
        (Operations.Count == 0 || Operations.Contains(request.Operation))
        && (SlowerThan is not { } least || request.Microseconds > least)
        && (!ErrorsOnly || request.ErrorNumber != 0)
        && (ProcessId is not { } process || request.ProcessId == process);

    /// <summary>Parses a duration: a number with us, ms or s.</summary>
    /// <returns>Microseconds; null when it is none.</returns>
    public static long? DurationOf(string text)
    {
        (string unit, double factor)[] units =
            [("us", 1), ("ms", MicrosecondsPerMillisecond), ("s", MicrosecondsPerSecond)];
        foreach ((string unit, double factor) in units)
        {
            if (!text.EndsWith(unit, StringComparison.Ordinal)) continue;
            bool isNumber = double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture, out double number);
            return isNumber && number * factor < long.MaxValue ? (long)(number * factor) : null;
        }
        return null;
    }
}
