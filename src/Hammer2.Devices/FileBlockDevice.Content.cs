// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Devices;

// Search for the first byte of an image file that is not zero.
public sealed unsafe partial class FileBlockDevice
{
    private const int ContentPieceBytes = 1 << 20;

    /// <summary>Finds the first byte of an image file that is not zero. Holes are skipped without being read. Block
    /// devices are not searched: old data on them is expected.</summary>
    /// <param name="offset">Its offset; -1 when all bytes are zero, or this is a block device.</param>
    /// <returns>None, or Io when part of the file before that byte cannot be read.</returns>
    public Hammer2Error FindContent(out long offset)
    {
        offset = -1;
        if (_isBlock) return Hammer2Error.None;
        byte[] piece = new byte[ContentPieceBytes];
        long at = 0;
        while (at < LengthBytes)
        {
            at = LinuxBlockIoctls.NextData(_file, at);
            if (at < 0 || at >= LengthBytes) return Hammer2Error.None;
            Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(piece.Length, LengthBytes - at));
            Hammer2Error error = Read(at, bytes);
            if (error != Hammer2Error.None) return error;
            int found = bytes.IndexOfAnyExcept((byte)0);
            if (found >= 0)
            {
                offset = at + found;
                return Hammer2Error.None;
            }
            at += bytes.Length;
        }
        return Hammer2Error.None;
    }
}
