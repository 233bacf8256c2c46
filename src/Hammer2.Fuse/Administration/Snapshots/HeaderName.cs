// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Hammer2.Fuse.Administration.Snapshots;

/// <summary>The names under which older volume headers are shown: the numbers of their copies. What a name stands for
/// changes when a commit overwrites the copy, so that a header is known by its mirror_tid, behind a NUL, which no label
/// begins with.</summary>
internal static class HeaderName
{
    /// <summary>The name of a copy.</summary>
    public static byte[] Of(int copyIndex) => [(byte)('0' + copyIndex)];

    /// <summary>What is known of the header of a name, in place of a label.</summary>
    /// <param name="name">The name.</param>
    /// <param name="headers">The older headers that there are now.</param>
    /// <returns>Null when there is none.</returns>
    public static byte[]? LabelOf(ReadOnlySpan<byte> name, IReadOnlyList<(int CopyIndex, ulong MirrorTid)> headers)
    {
        foreach ((int copyIndex, ulong mirrorTid) in headers)
        {
            if (!name.SequenceEqual(Of(copyIndex))) continue;
            byte[] label = new byte[1 + sizeof(ulong)];
            BinaryPrimitives.WriteUInt64BigEndian(label.AsSpan(1), mirrorTid);
            return label;
        }
        return null;
    }

    /// <summary>The mirror_tid of a header; null for the label of a snapshot.</summary>
    public static ulong? TidOf(ReadOnlySpan<byte> label) =>
        label.Length == 1 + sizeof(ulong) && label[0] == 0 ? BinaryPrimitives.ReadUInt64BigEndian(label[1..]) : null;
}
