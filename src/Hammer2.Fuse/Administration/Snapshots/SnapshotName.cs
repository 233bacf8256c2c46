// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;

namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>The names under which snapshots are shown: their labels, with what a name cannot contain as %XX.</summary>
internal static class SnapshotName
{
    private const int EscapeBytes = 3;

    /// <summary>The name of a label: <c>/</c> and NUL as %2F and %00, <c>%</c> as %25, and the labels <c>.</c> and
    /// <c>..</c> with %2E for each point.</summary>
    public static byte[] Of(ReadOnlySpan<byte> label)
    {
        bool isDots = IsDots(label);
        var name = new List<byte>(label.Length);
        foreach (byte one in label)
        {
            if (isDots || IsEscaped(one)) name.AddRange([(byte)'%', Digit(one >> 4), Digit(one & 0xF)]);
            else name.Add(one);
        }
        return [.. name];
    }

    /// <summary>The label of a name.</summary>
    /// <returns>Null for a name that <see cref="Of"/> makes of no label: each label has one name.</returns>
    public static byte[]? LabelOf(ReadOnlySpan<byte> name)
    {
        var label = new List<byte>(name.Length);
        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] != '%')
            {
                label.Add(name[i]);
                continue;
            }
            if (name.Length - i < EscapeBytes
                || !byte.TryParse(name.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                    out byte escaped)) return null;
            label.Add(escaped);
            i += EscapeBytes - 1;
        }
        byte[] found = [.. label];
        return found.Length > 0 && Of(found).AsSpan().SequenceEqual(name) ? found : null;
    }

    private static bool IsDots(ReadOnlySpan<byte> label) =>
        label.SequenceEqual("."u8) || label.SequenceEqual(".."u8);

    private static bool IsEscaped(byte one) => one is (byte)'/' or (byte)'%' or 0;

    private static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);
}
