// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using Hammer2.Format;

namespace Hammer2.Tool.Mounts;

/// <summary>Names of check and compression methods in the commands that set and show them, as upstream has
/// them.</summary>
internal static class MethodNames
{
    private const int LevelMin = 6;
    private const int LevelMax = 9;

    private static readonly string[] s_checks = ["none", "disabled", "crc32", "xxhash64", "sha192", "freemap"];
    private static readonly string[] s_compressions = ["none", "autozero", "lz4", "zlib"];

    /// <summary>The check method of a name or number, as stored.</summary>
    /// <returns>Null when there is none for files.</returns>
    public static byte? Check(string name) => IndexOf(s_checks, name) switch
    {
        >= 0 and int found and <= (int)CheckMethod.Sha192 => (byte)found,
        _ when Is(name, "default") => (byte)CheckMethod.XxHash64,
        _ when Is(name, "iscsi32") => (byte)CheckMethod.Iscsi32,
        _ => null,
    };

    /// <summary>The compression of METHOD[:LEVEL], as stored with the level in the high nibble.</summary>
    /// <returns>Null when there is none.</returns>
    public static byte? Compression(string text)
    {
        string[] parts = text.Split(':');
        int found = IndexOf(s_compressions, parts[0]);
        if (Is(parts[0], "default")) found = (int)CompressionMethod.Lz4;
        if (Is(parts[0], "disabled")) found = (int)CompressionMethod.AutoZero;
        if (found < 0 || parts.Length > 2) return null;
        if (parts.Length == 1 || Is(parts[1], "default")) return (byte)found;
        if (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int level)) return null;
        if (level == 0) return (byte)found;
        bool isLevel = found == (int)CompressionMethod.Zlib && level is >= LevelMin and <= LevelMax;
        return isLevel ? (byte)(found | (level << 4)) : null;
    }

    /// <summary>A stored check method as upstream prints it.</summary>
    public static string OfCheck(byte stored) => Name(s_checks, stored, "");

    /// <summary>A stored compression as upstream prints it: with its level, or "default".</summary>
    public static string OfCompression(byte stored) => Name(s_compressions, stored, ":default");

    private static string Name(string[] names, byte stored, string withoutLevel)
    {
        int method = stored & 0x0F, level = stored >> 4;
        string number = method.ToString(CultureInfo.InvariantCulture);
        string name = method < names.Length ? names[method] : $"unknown({number})";
        return level == 0 ? name + withoutLevel : $"{name}:{level.ToString(CultureInfo.InvariantCulture)}";
    }

    private static int IndexOf(string[] names, string name)
    {
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return number < names.Length ? number : -1;
        return Array.FindIndex(names, known => Is(known, name));
    }

    private static bool Is(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
