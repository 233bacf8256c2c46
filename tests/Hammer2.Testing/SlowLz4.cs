// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Testing;

/// <summary>
/// A simple LZ4 decoder written from the description of the format (doc/lz4_Block_format.md of the LZ4 project): byte
/// by byte, with each index checked by the runtime.
/// </summary>
public static class SlowLz4
{
    /// <summary>Decodes a block: the number of bytes decoded, or -1 when it is malformed or the destination is too
    /// small.</summary>
    public static int Decode(ReadOnlySpan<byte> block, Span<byte> target)
    {
        (int read, int written) = (0, 0);
        while (read < block.Length)
        {
            int token = block[read++];
            if (!TryLength(block, ref read, token >> 4, out long literals)) return -1;
            if (literals > block.Length - read || literals > target.Length - written) return -1;
            for (; literals > 0; literals--) target[written++] = block[read++];
            if (read == block.Length) return written;

            if (block.Length - read < 2) return -1;
            int distance = block[read] | (block[read + 1] << 8);
            read += 2;
            if (!TryLength(block, ref read, token & 15, out long match)) return -1;
            match += 4;
            if (distance == 0 || distance > written || match > target.Length - written) return -1;
            for (; match > 0; match--, written++) target[written] = target[written - distance];
        }
        return -1;      // no token, or no literals after the last match
    }

    private static bool TryLength(ReadOnlySpan<byte> block, ref int read, int nibble, out long length)
    {
        length = nibble;
        if (nibble < 15) return true;
        while (read < block.Length)
        {
            int more = block[read++];
            length += more;
            if (more < 255) return true;
        }
        return false;
    }
}
