// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Hammer2.Admin.Recovery;
using Hammer2.Format;

namespace Hammer2.Tool.Recover;

/// <summary>The names under which recovered objects are written.</summary>
internal static class RecoveredNames
{
    private const int VersionsMax = 99_999;

    /// <summary>The directory for the objects of a PFS: its label, with a slash as %2F.</summary>
    /// <param name="label">The label; null when it is not known.</param>
    public static byte[] DirectoryOf(byte[]? label)
    {
        if (label is null || label.Length == 0) return "unknown-pfs"u8.ToArray();
        var name = new List<byte>();
        foreach (byte value in label)
        {
            if (value is (byte)'/' or (byte)'%' or 0)
                name.AddRange(Encoding.ASCII.GetBytes("%" + value.ToString("X2", CultureInfo.InvariantCulture)));
            else name.Add(value);
        }
        if (label.AsSpan().SequenceEqual("."u8) || label.AsSpan().SequenceEqual(".."u8)) name.Insert(0, (byte)'%');
        return [.. name];
    }

    /// <summary>The names to try for an object of 'undelete': its own, then with the number of its inode. An older version
    /// has its tid in the name, one with data missing ends in ".damaged".</summary>
    public static IEnumerable<byte[]> Of(RecoveredObject one, byte[] name)
    {
        string damaged = one.IsWhole ? "" : ".damaged";
        string version = one.NewerTotal > 0 ? ".tid-" + Hex(one.ModifyTid) : "";
        yield return With(name, version + damaged);
        yield return With(name, ".inode-" + Hex(one.Meta.Inum) + version + damaged);
    }

    /// <summary>The names to try for an object of 'recover': numbered from 1, as upstream does.</summary>
    public static IEnumerable<byte[]> Numbered(RecoveredObject one, byte[] name)
    {
        string damaged = one.IsWhole ? "" : ".corrupted";
        for (int number = 1; number <= VersionsMax; number++)
            yield return With(name, "." + number.ToString("D5", CultureInfo.InvariantCulture) + damaged);
    }

    // A name with an ending is no longer than names may be.
    private static byte[] With(byte[] name, string ending)
    {
        byte[] end = Encoding.ASCII.GetBytes(ending);
        return [.. name.AsSpan(0, Math.Min(name.Length, Media.NameBytesMax - end.Length)), .. end];
    }

    private static string Hex(ulong number) => "0x" + number.ToString("x", CultureInfo.InvariantCulture);
}
