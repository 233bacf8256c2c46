// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;

namespace Hammer2.Tool.Output;

/// <summary>Sizes as text.</summary>
internal static class ByteUnits
{
    private static readonly string[] IecNames = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    private static readonly string[] SiNames = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>The size with at most three digits after the point, exact where it can be.</summary>
    public static string Format(ulong sizeBytes, ByteUnit unit)
    {
        if (unit == ByteUnit.Raw) return sizeBytes.ToString(CultureInfo.InvariantCulture);
        string[] names = unit == ByteUnit.Si ? SiNames : IecNames;
        decimal step = unit == ByteUnit.Si ? 1000 : 1024;
        decimal value = sizeBytes;
        int power = 0;
        while (value >= step && power < names.Length - 1)
        {
            value /= step;
            power++;
        }
        string format = value < 10 ? "0.##" : value < 100 ? "0.#" : "0";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + names[power];
    }
}
