// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Tool.Output;

namespace Hammer2.Tool.Recover;

/// <summary>The path that upstream's 'recover' takes: of a file or a directory, from the root of any PFS with a slash at its
/// start, else below any directory.</summary>
internal sealed class RecoverPath
{
    private readonly byte[][] _parts;
    private readonly bool _isAnchored;

    private RecoverPath(byte[][] parts, bool isAnchored) => (_parts, _isAnchored) = (parts, isAnchored);

    /// <summary>Parses a path; "/" is everything.</summary>
    public static RecoverPath Parse(string text) => new(Split(NameText.Unescape(text)), text.StartsWith('/'));

    /// <summary>The part of a path from where it matches.</summary>
    /// <param name="path">A path below the root of a PFS, without a slash at its start.</param>
    /// <param name="isFile">True when the path has to end where the match ends, because a file is looked for.</param>
    /// <returns>Null when it does not match.</returns>
    public byte[][]? Match(byte[] path, bool isFile)
    {
        byte[][] parts = Split(path);
        int last = _isAnchored ? 0 : parts.Length - _parts.Length;
        for (int start = 0; start <= last; start++)
        {
            int end = start + _parts.Length;
            bool isMatch = end <= parts.Length && (!isFile || end == parts.Length);
            for (int index = 0; isMatch && index < _parts.Length; index++)
                isMatch = parts[start + index].AsSpan().SequenceEqual(_parts[index]);
            if (isMatch) return parts[start..];
        }
        return null;
    }

    /// <summary>The components of a path.</summary>
    public static byte[][] Split(ReadOnlySpan<byte> path)
    {
        var parts = new List<byte[]>();
        foreach (Range part in path.Split((byte)'/'))
            if (!path[part].IsEmpty) parts.Add(path[part].ToArray());
        return [.. parts];
    }
}
