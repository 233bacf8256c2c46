// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Hammer2.Format;

/// <summary>
/// The holds on a PFS: what follows the label in the name area of its root inode. An addition of this driver, which
/// upstream neither reads nor changes: it takes the label to end at its NUL.
/// </summary>
/// <remarks>After the NUL of the label: the text <c>H2HOLDS</c>, a byte with the version, 1, a byte with the number of
/// holds, and each hold: a byte with the length of its name, four bytes with its time, its name.</remarks>
public static class PfsHolds
{
    /// <summary>Longest name of a hold, in bytes.</summary>
    public const int NameBytesMax = 63;

    private const byte Version = 1;
    private const int TimeBytes = sizeof(uint);

    private static ReadOnlySpan<byte> Magic => "H2HOLDS"u8;

    /// <summary>True for 1 to 63 bytes, all of them printable ASCII but blanks, and no slash: names are words of
    /// requests, and of lists.</summary>
    public static bool IsName(ReadOnlySpan<byte> name) =>
        name.Length is > 0 and <= NameBytesMax && !name.ContainsAnyExceptInRange((byte)'!', (byte)'~')
        && !name.Contains((byte)'/');

    /// <summary>True when bytes after a label are holds, of any version.</summary>
    public static bool ArePresent(ReadOnlySpan<byte> afterLabel) =>
        afterLabel.Length > Magic.Length && afterLabel[0] == 0 && afterLabel[1..].StartsWith(Magic);


    /// <summary>Reads the holds.</summary>
    /// <param name="afterLabel">The name area of a root inode after its label.</param>
    /// <param name="holds">Receives them, the oldest first.</param>
    /// <returns>False when there are holds that this version cannot read.</returns>
    public static bool TryRead(ReadOnlySpan<byte> afterLabel, List<PfsHold> holds)
    {
        if (!ArePresent(afterLabel)) return true;
        ReadOnlySpan<byte> rest = afterLabel[(1 + Magic.Length)..];
        if (rest.Length < 2 || rest[0] != Version) return false;
        int count = rest[1];
        rest = rest[2..];
        for (int i = 0; i < count; i++)
        {
            if (rest.Length < 1 + TimeBytes || rest.Length < 1 + TimeBytes + rest[0]) return false;
            ReadOnlySpan<byte> name = rest.Slice(1 + TimeBytes, rest[0]);
            if (!IsName(name)) return false;
            holds.Add(new PfsHold(name.ToArray(), BinaryPrimitives.ReadUInt32LittleEndian(rest[1..])));
            rest = rest[(1 + TimeBytes + name.Length)..];
        }
        return true;
    }

    /// <summary>What follows the label for these holds.</summary>
    /// <param name="holds">Valid holds with different names; nothing follows when there are none.</param>
    /// <param name="labelBytes">Length of the label.</param>
    /// <param name="afterLabel">The bytes, from the NUL of the label on.</param>
    /// <returns>False when label and holds are longer together than a root inode has space for.</returns>
    public static bool TryWrite(IReadOnlyList<PfsHold> holds, int labelBytes, out byte[] afterLabel)
    {
        afterLabel = [];
        if (holds.Count == 0) return true;
        int length = 1 + Magic.Length + 2;
        foreach (PfsHold hold in holds) length += 1 + TimeBytes + hold.Name.Length;
        if (labelBytes + length > InodeBlock.NameAreaBytes) return false;
        afterLabel = new byte[length];
        Magic.CopyTo(afterLabel.AsSpan(1));
        Span<byte> rest = afterLabel.AsSpan(1 + Magic.Length);
        (rest[0], rest[1]) = (Version, (byte)holds.Count);
        rest = rest[2..];
        foreach (PfsHold hold in holds)
        {
            rest[0] = (byte)hold.Name.Length;
            BinaryPrimitives.WriteUInt32LittleEndian(rest[1..], hold.Time);
            hold.Name.Span.CopyTo(rest[(1 + TimeBytes)..]);
            rest = rest[(1 + TimeBytes + hold.Name.Length)..];
        }
        return true;
    }
}
