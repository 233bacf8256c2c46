// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using Hammer2.Cluster.Operations;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Extract;

/// <summary>A range of bytes of a file that could not be read.</summary>
/// <param name="First">Offset of the first byte.</param>
/// <param name="End">Offset after the last byte.</param>
internal readonly record struct LostRange(ulong First, ulong End);

/// <summary>
/// Copies the data of one file: holes are preserved, and bytes that cannot be read become holes and are listed, in
/// units of blocks.
/// </summary>
internal sealed class FileCopy
{
    private const int PieceBytes = 1 << 20;
    private const int BlockBytes = Media.FileBlockBytes;
    private const int LostMax = 10_000;

    private readonly VnodeOps _vnodes;
    private readonly byte[] _buffer = new byte[PieceBytes];
    private readonly List<LostRange> _lost = [];

    /// <summary>Copies files of one PFS, one at a time.</summary>
    public FileCopy(VnodeOps vnodes) => _vnodes = vnodes;

    /// <summary>The unreadable ranges of the last file; adjacent ones are joined.</summary>
    public IReadOnlyList<LostRange> Lost => _lost;

    /// <summary>Called with the number of bytes of each piece.</summary>
    public Action<int>? Progress { get; init; }

    /// <summary>Copies a file into an empty one. Returns 0 or the Linux error number of the target.</summary>
    public int Run(ulong inum, ulong size, TargetFile target)
    {
        _lost.Clear();
        int error = target.SetSize(size);
        ulong position = 0;
        while (error == 0 && position < size)
        {
            Errno seek = _vnodes.Seek(inum, position, SeekTarget.Data, out ulong data);
            if (seek == Errno.ENXIO) break;
            if (seek != Errno.None)
            {
                position = PassDamage(inum, position, size);
                continue;
            }
            position = data;
            error = CopyPiece(inum, ref position, size, target);
        }
        return error;
    }

    /// <summary>Copies from data to the next hole, at most a piece.</summary>
    private int CopyPiece(ulong inum, ref ulong position, ulong size, TargetFile target)
    {
        ulong end = Math.Min(size, (position & ~(ulong)(BlockBytes - 1)) + PieceBytes);
        if (_vnodes.Seek(inum, position, SeekTarget.Hole, out ulong hole) == Errno.None && hole > position)
            end = Math.Min(end, hole);
        Span<byte> piece = _buffer.AsSpan(0, (int)(end - position));
        if (_vnodes.Read(inum, position, piece, out int length) == Errno.None && length == piece.Length)
        {
            int error = target.Write(position, piece);
            Progress?.Invoke(length);
            position = end;
            return error;
        }
        return CopyBlocks(inum, ref position, end, target);
    }

    /// <summary>Copies a range with damage block by block.</summary>
    private int CopyBlocks(ulong inum, ref ulong position, ulong end, TargetFile target)
    {
        int error = 0;
        while (error == 0 && position < end)
        {
            ulong blockEnd = Math.Min(end, (position & ~(ulong)(BlockBytes - 1)) + BlockBytes);
            Span<byte> block = _buffer.AsSpan(0, (int)(blockEnd - position));
            if (_vnodes.Read(inum, position, block, out int length) == Errno.None && length == block.Length)
                error = target.Write(position, block);
            else
                Lose(position, blockEnd);
            Progress?.Invoke(block.Length);
            position = blockEnd;
        }
        return error;
    }

    /// <summary>
    /// Finds the end of the range below a damaged indirect block, which may be large. Such a range is an aligned power
    /// of two, so only the ends of those are tried; when two damaged ranges are adjacent, bisection finds the end of
    /// the second. Returns the first readable offset after the damage, or the size of the file.
    /// </summary>
    private ulong PassDamage(ulong inum, ulong position, ulong size)
    {
        ulong bad = position & ~(ulong)(BlockBytes - 1);
        ulong good = size;
        for (int radix = Media.BufferRadix; radix < 63; radix++)
        {
            ulong end = (position | ((1UL << radix) - 1)) + 1;
            if (end >= size) break;
            if (end <= bad) continue;
            if (IsReadable(inum, end))
            {
                good = end;
                break;
            }
            bad = end;
        }
        while (good - bad > BlockBytes)
        {
            ulong middle = bad + (((good - bad) / 2) & ~(ulong)(BlockBytes - 1));
            if (middle == bad) break;
            if (IsReadable(inum, middle)) good = middle;
            else bad = middle;
        }
        Lose(position, good);
        return good;
    }

    private bool IsReadable(ulong inum, ulong position) =>
        _vnodes.Seek(inum, position, SeekTarget.Data, out _) is Errno.None or Errno.ENXIO;

    private void Lose(ulong first, ulong end)
    {
        if (_lost.Count > 0 && (_lost[^1].End == first || _lost.Count >= LostMax))
            _lost[^1] = _lost[^1] with { End = end };
        else
            _lost.Add(new LostRange(first, end));
    }
}
