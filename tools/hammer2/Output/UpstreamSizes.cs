// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Tool.Output;

/// <summary>Sizes and counts in the form of upstream's command.</summary>
internal static class UpstreamSizes
{
    private const ulong Kilo = 1 << 10;
    private const ulong Mega = 1 << 20;
    private const ulong Giga = 1 << 30;
    private const ulong Tera = 1UL << 40;

    /// <summary>Bytes, with two decimals in the unit that makes it at least a half.</summary>
    public static string Bytes(ulong bytes) => bytes switch
    {
        < Kilo / 2 => Scaled(bytes, 1, "B"),
        < Mega / 2 => Scaled(bytes, Kilo, "KB"),
        < Giga / 2 => Scaled(bytes, Mega, "MB"),
        < Tera / 2 => Scaled(bytes, Giga, "GB"),
        _ => Scaled(bytes, Tera, "TB"),
    };

    /// <summary>A count, in full up to half a million.</summary>
    public static string Count(ulong count) => count switch
    {
        < Mega / 2 => count.ToString(CultureInfo.InvariantCulture),
        < Giga / 2 => Scaled(count, Mega, "M"),
        < Tera / 2 => Scaled(count, Giga, "G"),
        _ => Scaled(count, Tera, "T"),
    };

    private static string Scaled(ulong number, ulong unit, string name) =>
        ((double)number / unit).ToString("F2", CultureInfo.InvariantCulture).PadLeft(6) + name;
}
