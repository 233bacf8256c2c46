// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>A range of bytes of a file or a block device.</summary>
/// <param name="Start">Offset of its first byte.</param>
/// <param name="End">Offset past its last byte; <see cref="long.MaxValue"/> when it has no end.</param>
internal readonly record struct ByteRange(long Start, long End)
{
    /// <summary>All bytes, however long the file is or becomes.</summary>
    internal static ByteRange Whole => new(0, long.MaxValue);

    /// <summary>The range that starts at an offset; a length of 0 means that it has no end.</summary>
    internal static ByteRange At(long start, long lengthBytes) =>
        new(start, lengthBytes == 0 ? long.MaxValue : Add(start, lengthBytes));

    /// <summary>This range, whose offsets count from the start of another one, in the offsets of that one. It ends
    /// where the outer range ends.</summary>
    internal ByteRange Within(ByteRange outer) =>
        new(Add(outer.Start, Start), Math.Min(outer.End, Add(outer.Start, End)));

    private static long Add(long offset, long bytes) =>
        bytes > long.MaxValue - offset ? long.MaxValue : offset + bytes;
}
