// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices;

/// <summary>A range of bytes of a file or a block device.</summary>
/// <param name="Start">Offset of its first byte.</param>
/// <param name="End">Offset past its last byte; <see cref="long.MaxValue"/> when it has no end.</param>
internal readonly record struct ByteRange(long Start, long End)
{
    /// <summary>All bytes of a file of any length.</summary>
    internal static ByteRange Whole => new(0, long.MaxValue);

    /// <summary>The range that starts at an offset; a length of 0 means that it has no end.</summary>
    internal static ByteRange At(long start, long lengthBytes) =>
        new(start, lengthBytes == 0 ? long.MaxValue : Add(start, lengthBytes));

    /// <summary>Converts this range, whose offsets are relative to the start of <paramref name="outer"/>, to absolute
    /// offsets. The result is cut at the end of the outer range.</summary>
    internal ByteRange Within(ByteRange outer) =>
        new(Add(outer.Start, Start), Math.Min(outer.End, Add(outer.Start, End)));

    private static long Add(long offset, long bytes) =>
        bytes > long.MaxValue - offset ? long.MaxValue : offset + bytes;
}
