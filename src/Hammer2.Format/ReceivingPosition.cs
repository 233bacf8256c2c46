// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Hammer2.Format;

/// <summary>How much of a stream a PFS that is being received has: the name of a hold on it, which also keeps it from
/// being deleted.</summary>
/// <param name="Records">Records from the beginning of the stream; not 0.</param>
/// <param name="Codes">The running code over them.</param>
public readonly record struct ReceivingPosition(ulong Records, ulong Codes)
{
    private const string Prefix = "receiving-";

    /// <summary>A hold whose name has the position.</summary>
    /// <param name="seconds">When the PFS was begun, in seconds since 1970 UTC.</param>
    public PfsHold ToHold(uint seconds) => new(Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{Records:x16}-{Codes:x16}")), seconds);

    /// <summary>Reads the position from holds, and removes its hold from them.</summary>
    /// <param name="holds">The holds of a PFS.</param>
    /// <param name="seconds">When the PFS was begun.</param>
    /// <returns>Null when there is none.</returns>
    public static ReceivingPosition? Take(List<PfsHold> holds, out uint seconds)
    {
        seconds = 0;
        for (int i = 0; i < holds.Count; i++)
        {
            string name = Encoding.ASCII.GetString(holds[i].Name.Span);
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || name.Length != Prefix.Length + 33) continue;
            string[] numbers = name[Prefix.Length..].Split('-');
            bool isPosition = TryParse(numbers[0], out ulong records) & TryParse(numbers[^1], out ulong codes);
            if (!isPosition || numbers.Length != 2) continue;
            seconds = holds[i].Time;
            holds.RemoveAt(i);
            return new ReceivingPosition(records, codes);
        }
        return null;
    }

    private static bool TryParse(string text, out ulong number) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
}
